import type {Exchange} from './console.ts';
import type {Decisions} from './decisions.ts';
import {doubtsOf} from './doubts.ts';
import type {Mapped} from './mapped.ts';
import type {Marks} from './marks.ts';
import {Ids, titled} from './names.ts';
import {Place} from './place.ts';
import type {Prose} from './prose.ts';
import type {Sketch} from './sketch.ts';

/** Options that name a file or a folder. */
const PATHS: Readonly<Record<string, string>> = {
  'file.write': 'path',
  'compose.up': 'file',
  'stack.deploy': 'file',
  'docker.build': 'context',
};
const DOCKERED = /^(docker|swarm|service|stack|compose)\./;

/** The steps in the order of the document, each with what stands before it, and what it means for others. */
export class Sketches {
  readonly all: Sketch[] = [];
  /** What is said of the whole. */
  readonly about: string[] = [];
  readonly place = new Place();
  /** Files that the document writes, and the expression of where each is. */
  readonly files = new Map<string, string>();
  /** Machines, and the expression of the address of each. */
  readonly addresses = new Map<string, string>();
  readonly #ids = new Ids();
  readonly #marks: Marks;
  readonly #prose: Prose;
  readonly #decisions: Decisions;

  constructor(marks: Marks, prose: Prose, decisions: Decisions) {
    this.#marks = marks;
    this.#prose = prose;
    this.#decisions = decisions;
  }

  add(mapping: Mapped, typed: Pick<Exchange, 'line' | 'comment'>, marked: string, wanted = mapping.id): Sketch {
    const heading = this.#prose.takeHeading();
    const prose = this.#prose.takeTexts();
    const id = this.#ids.take(wanted);
    const isFirst = this.all.length === 0;
    if (isFirst) this.about.push(...prose);
    const script = this.#marks.script(this.#withFiles(marked));
    const sketch: Sketch = {
      line: typed.line,
      id,
      title: titled(heading ?? (typed.comment || this.#marks.text(mapping.title).replace(/\$\{\{.*?\}\}/g, '…'))),
      about: isFirst ? [] : prose,
      uses: mapping.uses,
      with:
        mapping.uses === 'shell' ? {run: script} : (this.#marks.filled(mapping.with ?? {}) as Record<string, unknown>),
      script,
      decide: [...this.#decisions.takeNext(), ...(mapping.decide ?? [])],
    };
    if (mapping.effect !== undefined) sketch.effect = mapping.effect;
    if (mapping.expect !== undefined) sketch.expect = mapping.expect;
    this.#putInPlace(sketch, mapping, marked);
    this.#renamed(sketch);
    if (mapping.uses === 'file.write') this.files.set(String(mapping.with?.path), `steps.${id}.outputs.path`);
    this.#ends(sketch);
    sketch.decide.push(...doubtsOf(sketch, this.all));
    this.all.push(sketch);
    return sketch;
  }

  /** After a `cd` a file stands in that folder, also beside the runbook. */
  #putInPlace(sketch: Sketch, mapping: Mapped, marked: string): void {
    const {on: machine, cwd} = this.place;
    const on = mapping.on ?? (DOCKERED.test(mapping.uses) || /^docker /.test(marked) ? machine : undefined);
    if (on !== undefined) sketch.on = on;
    if (mapping.uses === 'shell' && cwd !== undefined) sketch.cwd = cwd;
    const key = PATHS[sketch.uses];
    const path = key === undefined ? undefined : sketch.with[key];
    if (key !== undefined && typeof path === 'string') sketch.with = {...sketch.with, [key]: this.place.path(path)};
  }

  /** A second container without a name gets another one. */
  #renamed(sketch: Sketch): void {
    if (sketch.uses !== 'docker.run' || !sketch.decide.some((what) => what.includes('had no name'))) return;
    const names = this.all.filter(({uses}) => uses === 'docker.run').map((one) => one.with.name);
    const wanted = String(sketch.with.name);
    for (let count = 2; names.includes(sketch.with.name); count++)
      sketch.with = {...sketch.with, name: `${wanted}-${count}`};
    sketch.title = sketch.title.replace(/^Start .*/, `Start ${sketch.with.name}`);
    sketch.decide = sketch.decide.map((what) => what.replace(`"${wanted}"`, `"${sketch.with.name}"`));
  }

  /** What a later step removes is meant to hold only until then. */
  #ends({id, uses, with: options}: Sketch): void {
    const gone =
      uses === 'machine.remove' ? [options.name] : uses === 'docker.rm' ? (options.containers as unknown[]) : [];
    for (const step of this.all)
      if (step.until === undefined && /^(machine\.create|docker\.run)$/.test(step.uses))
        if (gone.includes(step.with.name) || (uses === 'machine.remove' && gone.includes(step.on))) step.until = id;
    if (uses !== 'machine.remove') return;
    this.addresses.delete(String(options.name));
    if (this.place.on === options.name) this.place.on = undefined;
  }

  /** A file that an earlier step has written is beside the runbook, wherever the run was started. */
  #withFiles(text: string): string {
    let result = text;
    for (const [path, expression] of this.files) {
      const plain = path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      result = result.replace(new RegExp(`(?<=[\\s=])(?:\\./)?${plain}(?=\\s|$)`, 'g'), this.#marks.mark(expression));
    }
    return result;
  }
}
