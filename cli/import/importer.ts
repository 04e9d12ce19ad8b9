import {readConsole} from './console.ts';
import {Decisions} from './decisions.ts';
import {type Block, readDocument} from './document.ts';
import {fileOf} from './file-blocks.ts';
import {Marks} from './marks.ts';
import {titled} from './names.ts';
import {expectPrinted} from './printed.ts';
import {fenced, Prose} from './prose.ts';
import type {Decision, Draft} from './sketch.ts';
import {Sketches} from './sketches.ts';
import {Typing} from './typing.ts';
import {Variables} from './variables.ts';

type CodeBlock = Extract<Block, {kind: 'code'}>;

const OUTPUT_FOLLOWS =
  /output|result|should (see|look|get)|you('ll| will)? (see|get)|returns?|prints?|respon(d|se)|similar|like this/i;

/** Makes a runbook of a document, from its first line to its last. */
export class Importer {
  readonly #project: string;
  readonly #decisions = new Decisions();
  readonly #marks = new Marks();
  readonly #prose = new Prose();
  readonly #variables = new Variables(this.#marks, (what) => this.#decisions.ofNext(what));
  readonly #sketches = new Sketches(this.#marks, this.#prose, this.#decisions);
  readonly #typing: Typing;
  #title = '';
  #followsCommand = false;

  constructor(project: string) {
    this.#project = project;
    this.#typing = new Typing(project, this.#marks, this.#variables, this.#sketches, this.#decisions);
  }

  /** Those that belong to no step. */
  get decisions(): readonly Decision[] {
    return this.#decisions.loose;
  }

  read(text: string): Draft {
    for (const block of readDocument(text)) this.#block(block);
    const {all: steps, about} = this.#sketches;
    steps.at(-1)?.about.push(...this.#prose.take());
    const said = new Set<string>();
    for (const step of steps) step.decide = step.decide.filter((what) => !said.has(what) && said.add(what));
    return {
      title: this.#title || titled(this.#project),
      about: about.filter((one) => one !== '').join('\n\n'),
      inputs: this.#variables.inputs,
      steps,
    };
  }

  #block(block: Block): void {
    if (block.kind === 'code') this.#code(block);
    else if (block.kind === 'prose') this.#prose.add(block.text);
    else if (this.#title === '' && this.#sketches.all.length === 0 && this.#prose.texts.length === 0)
      this.#title = titled(block.text);
    else this.#under(block.text, block.level);
  }

  #under(heading: string, level: number): void {
    const {all: steps, about} = this.#sketches;
    (steps.at(-1)?.about ?? about).push(...this.#prose.under(heading, level));
    this.#followsCommand = false;
  }

  #code(block: CodeBlock): void {
    const exchanges = readConsole(block.text, block.language, block.line);
    if (exchanges.length > 0) {
      this.#typing.type(exchanges);
      this.#followsCommand = true;
    } else if (!this.#wholeFile(block) && !this.#laterOutput(block))
      this.#prose.add(fenced(block.text, block.language));
  }

  #wholeFile(block: CodeBlock): boolean {
    const found = fileOf(block, this.#prose.texts.at(-1) ?? '');
    if (found === undefined) return false;
    const sketch = this.#sketches.add(found.mapping, {line: block.line, comment: ''}, `# write ${found.path}`);
    sketch.with = {
      ...sketch.with,
      content: this.#marks.filled(this.#variables.filledIn(block.text)),
    };
    sketch.decide.push(...this.#decisions.takeNext(), ...found.decide);
    return true;
  }

  /** A block that shows what the command before it prints. */
  #laterOutput({text, language}: CodeBlock): boolean {
    const last = this.#sketches.all.at(-1);
    const [between, ...more] = this.#prose.texts;
    const isOutput =
      between === undefined ? /^(output|text|)$/.test(language) : more.length === 0 && OUTPUT_FOLLOWS.test(between);
    if (!this.#followsCommand || last === undefined || !isOutput) return false;
    last.about.push(...this.#prose.takeTexts());
    const lines = text
      .replace(/^Output\n/, '')
      .trimEnd()
      .split('\n');
    if (last.outputs === undefined && last.uses !== 'confirm') expectPrinted(last, lines);
    return true;
  }
}
