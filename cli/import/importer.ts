import {mapCommand} from './command.ts';
import {type Exchange, readConsole} from './console.ts';
import {type Block, readDocument} from './document.ts';
import {checkOf} from './expected.ts';
import {fileOf} from './file-blocks.ts';
import {isMapped, type Mapped, type Mapping} from './mapped.ts';
import {Marks} from './marks.ts';
import {Ids, titled} from './names.ts';
import {isReading, personOnly} from './reading.ts';
import type {Decision, Draft, Sketch} from './sketch.ts';
import {Variables} from './variables.ts';

const OUTPUT_FOLLOWS =
  /output|result|should (see|look|get)|you('ll| will)? (see|get)|returns?|prints?|respon(d|se)|similar|like this/i;
const PATHS: Readonly<Record<string, string>> = {
  'file.write': 'path',
  'compose.up': 'file',
  'stack.deploy': 'file',
  'docker.build': 'context',
};
const DOCKERED = /^(docker|swarm|service|stack|compose)\./;
const MACHINE_IP = /\$\(\s*docker-machine\s+ip\s+([\w.-]+)\s*\)|`docker-machine\s+ip\s+([\w.-]+)`/g;

/** Makes a runbook of a document, from its first line to its last. */
export class Importer {
  /** Those that belong to no step. */
  readonly decisions: Decision[] = [];
  readonly #steps: Sketch[] = [];
  readonly #marks = new Marks();
  readonly #ids = new Ids();
  readonly #variables = new Variables(this.#marks, (what) => this.#decisionsOfStep.push(what));
  readonly #project: string;
  /** Files that the document writes, and the expression of where each is. */
  readonly #files = new Map<string, string>();
  readonly #addresses = new Map<string, string>();
  #decisionsOfStep: string[] = [];
  #title = '';
  readonly #about: string[] = [];
  #prose: string[] = [];
  #heading: string | undefined;
  #level = 1;
  #on: string | undefined;
  #cwd: string | undefined;
  #session: Sketch | undefined;
  #followsCommand = false;

  constructor(project: string) {
    this.#project = project;
  }

  read(text: string): Draft {
    for (const block of readDocument(text)) this.#block(block);
    this.#steps.at(-1)?.about.push(...this.#takeProse());
    const said = new Set<string>();
    for (const step of this.#steps) step.decide = step.decide.filter((what) => !said.has(what) && said.add(what));
    return {
      title: this.#title || titled(this.#project),
      about: this.#about.filter((one) => one !== '').join('\n\n'),
      inputs: this.#variables.inputs,
      steps: this.#steps,
    };
  }

  #block(block: Block): void {
    if (block.kind === 'code') {
      this.#code(block);
      return;
    }
    if (block.kind === 'prose') this.#prose.push(block.text);
    else if (this.#title === '' && this.#steps.length === 0 && this.#prose.length === 0)
      this.#title = titled(block.text);
    else this.#under(block.text, block.level);
  }

  /** What stands above a deeper heading leads to it; otherwise it belongs to what came before. */
  #under(heading: string, level: number): void {
    const above = this.#takeProse();
    if (level > this.#level) this.#prose.push(...above);
    else {
      const last = this.#steps.at(-1);
      if (last === undefined) this.#about.push(...above);
      else last.about.push(...above);
    }
    this.#heading = heading;
    this.#level = level;
    this.#followsCommand = false;
  }

  #takeProse(): string[] {
    const heading = this.#heading === undefined ? [] : [`**${this.#heading}**`];
    this.#heading = undefined;
    return [...heading, ...this.#prose.splice(0)];
  }

  #code(block: Extract<Block, {kind: 'code'}>): void {
    const exchanges = readConsole(block.text, block.language, block.line);
    if (exchanges.length === 0) {
      if (!this.#wholeFile(block) && !this.#laterOutput(block)) this.#prose.push(fenced(block.text, block.language));
      return;
    }
    for (const exchange of exchanges) this.#exchange(exchange);
    this.#session = undefined;
    this.#followsCommand = true;
  }

  #wholeFile(block: Extract<Block, {kind: 'code'}>): boolean {
    const found = fileOf(block, this.#prose.at(-1) ?? '');
    if (found === undefined) return false;
    const mapping = found.mapping;
    const sketch = this.#add(mapping, {command: `# write ${found.path}`, line: block.line, output: [], comment: ''});
    sketch.with = {
      ...sketch.with,
      content: this.#marks.filled(this.#variables.filledIn(block.text)),
    };
    sketch.decide.push(...this.#decisionsOfStep.splice(0), ...found.decide);
    this.#files.set(found.path, `steps.${sketch.id}.outputs.path`);
    return true;
  }

  /** A block that shows what the command before it prints. */
  #laterOutput({text, language}: Extract<Block, {kind: 'code'}>): boolean {
    const last = this.#steps.at(-1);
    const [between = '', ...more] = this.#prose.slice(0, 2);
    const isOutput = more.length === 0 && OUTPUT_FOLLOWS.test(between);
    if (
      !this.#followsCommand ||
      last === undefined ||
      !(isOutput || (this.#prose.length === 0 && /^(output|text|)$/.test(language)))
    )
      return false;
    last.about.push(...this.#prose.splice(0));
    const lines = text
      .replace(/^Output\n/, '')
      .trimEnd()
      .split('\n');
    if (last.outputs === undefined && last.uses !== 'confirm') this.#expect(last, lines);
    return true;
  }

  #exchange(exchange: Exchange): void {
    const text = exchange.command.trim();
    if (this.#session !== undefined) {
      if (/^(exit|logout|quit|\\q)$/.test(text)) this.#session = undefined;
      else this.#session.with.message = `${this.#session.with.message}    ${text.replaceAll('\n', '\n    ')}\n`;
      return;
    }
    if (/^(exit|clear|logout|history)$/.test(text)) return;
    const moved = /^([\s\S]+?)\s*(?:&&|;)\s*cd\s+(\S+)$/.exec(text);
    if (moved !== null) {
      this.#exchange({...exchange, command: moved[1] ?? '', output: []});
      this.#enter(moved[2] ?? '', exchange);
    } else if (/^(cd|pushd)\s+\S+$/.test(text)) this.#enter(text.split(/\s+/)[1] ?? '', exchange);
    else if (/^cd\s+\S+\s*&&/.test(text)) {
      this.#enter(/^cd\s+(\S+)/.exec(text)?.[1] ?? '', exchange);
      this.#exchange({...exchange, command: text.replace(/^cd\s+\S+\s*&&\s*/, '')});
    } else if (!this.#environment(text, exchange)) this.#command(text, exchange);
  }

  /** `cd`: each step has a shell of its own, so that later steps are told where to start. */
  #enter(folder: string, {line}: Exchange): void {
    const what = `"cd ${folder}" holds for the next steps by their "cwd"`;
    if (/^[$~-]|\uE000|[<>]/.test(folder))
      this.decisions.push({line, what: `${what.split(' holds')[0]}: say where the next steps start`});
    else {
      this.#cwd = folder.startsWith('/') || this.#cwd === undefined ? folder : joined(this.#cwd, folder);
      this.decisions.push({line, what: `${what}; a relative one starts where the run was started`});
    }
  }

  /** What changes the shell that it is typed in. */
  #environment(text: string, exchange: Exchange): boolean {
    const machine = /^eval\s+["']?(?:\$\(|`)\s*docker-machine\s+env\s+(.*?)\s*(?:\)|`)["']?$/.exec(text)?.[1];
    if (machine !== undefined) {
      const name = machine.split(/\s+/).at(-1) ?? '';
      this.#on = /^(-u|--unset)$/.test(name) ? undefined : name;
      const what =
        this.#on === undefined
          ? 'the next steps go to your own engine again'
          : `the next steps go to ${name}: see their "on: ${name}"`;
      this.decisions.push({line: exchange.line, what: `"${text}": ${what}`});
      return true;
    }
    const set = /^(?:export\s+)?([A-Za-z_]\w*)=([\s\S]*)$/.exec(text);
    const [, name = '', value = ''] = set ?? [];
    if (set === null || / /.test(value.replace(/"[^"]*"|'[^']*'|\$\([\s\S]*\)|`[^`]*`|\\[\s\S]/g, ''))) return false;
    const command = /^"?(?:\$\(([\s\S]*)\)|`([^`]*)`)"?$/.exec(value);
    if (command !== null && !/^\(/.test(command[1] ?? '')) {
      this.#capture(name, (command[1] ?? command[2] ?? '').trim(), exchange);
      return true;
    }
    if (/[$`]/.test(value.replace(/'[^']*'/g, ''))) {
      this.#capture(name, `printf '%s\\n' ${value}`, exchange);
      return true;
    }
    const placeholder = this.#variables.marked(value);
    if (placeholder.includes('\uE000')) {
      const input = this.#marks.text(placeholder).match(/\$\{\{ (.*?) \}\}/)?.[1] ?? '';
      this.#variables.set(name, input);
    } else {
      const input = this.#variables.give(name, value.replace(/^(["'])([\s\S]*)\1$/, '$2'));
      this.#decisionsOfStep.push(`${name} is the input "${input}": is its default right?`);
    }
    for (const what of this.#decisionsOfStep.splice(0)) this.decisions.push({line: exchange.line, what});
    return true;
  }

  /** `VAR=$(command)`: the output of a step. */
  #capture(name: string, command: string, exchange: Exchange): void {
    const marked = this.#marked(command, exchange);
    const mapping = mapCommand(marked, this.#setting);
    const value = isMapped(mapping) ? mapping.value : undefined;
    const sketch =
      value === undefined ? this.#shell(marked, exchange, name) : this.#add(mapping as Mapped, exchange, marked, name);
    const key = value === undefined ? 'value' : /^\w+$/.test(value) ? value : 'value';
    if (key === 'value') {
      const read = value === undefined ? 'result.stdout.trim()' : `result.${value}`;
      sketch.outputs = {value: read};
    } else sketch.outputs = {[key]: `result.${key}`};
    this.#variables.set(name, `steps.${sketch.id}.outputs.${key}`);
  }

  get #setting() {
    return {
      project: this.#project,
      composeFile: [...this.#files.keys()].find((path) => /compose.*\.ya?ml$/.test(path)) ?? 'docker-compose.yml',
      inFolder: this.#cwd !== undefined,
    };
  }

  /** The command with marks, and steps before it for the addresses that it asks for. */
  #marked(command: string, exchange: Exchange): string {
    const text = command.replace(MACHINE_IP, (_, one?: string, two?: string) =>
      this.#addressOf(one ?? two ?? '', exchange),
    );
    return this.#variables.marked(text);
  }

  #addressOf(machine: string, exchange: Exchange): string {
    const known = this.#addresses.get(machine);
    if (known !== undefined) return this.#marks.mark(known);
    const mapping = mapCommand(`docker-machine ip ${machine}`, this.#setting) as Mapped;
    const {id} = this.#add(mapping, {...exchange, output: []}, `docker-machine ip ${machine}`);
    this.#addresses.set(machine, `steps.${id}.outputs.ip`);
    return this.#marks.mark(`steps.${id}.outputs.ip`);
  }

  #command(text: string, exchange: Exchange): void {
    const alone = personOnly(text);
    if (alone !== undefined) {
      this.#manual(text, alone, exchange);
      return;
    }
    const followed = text.replace(/^(docker(?:-compose| compose)? logs\b.*?)\s(?:-f|--follow)\b/, '$1');
    if (followed !== text)
      this.#decisionsOfStep.push('it followed the log until it was stopped; the step reads what is there');
    const bare = followed.replace(/^sudo\s+(?:-E\s+)?(?=docker|curl|dig|consul)/, '');
    if (bare !== followed) this.#decisionsOfStep.push('"sudo" is left out: you need the right to do this yourself');
    const marked = this.#marked(withoutTerminal(bare), exchange);
    const mapping: Mapping = mapCommand(marked, this.#setting);
    if (isMapped(mapping)) this.#done(this.#add(mapping, exchange, marked), exchange);
    else {
      if (mapping !== undefined) this.#decisionsOfStep.push(`it stays a shell step: ${mapping.refused}`);
      this.#done(this.#shell(marked, exchange), exchange);
    }
  }

  #manual(text: string, why: 'editor' | 'forever' | 'session', exchange: Exchange): void {
    const told = {
      editor: 'an editor needs a person: a step file.write can do it, when the content is known',
      forever: 'it runs until it is stopped: who runs it, and where?',
      session: 'it is typed inside another program: could one command do it?',
    }[why];
    const plain = text.replace(/^sudo\s+/, '');
    const title = why === 'editor' ? `Edit ${plain.split(/\s+/).at(-1)}` : `Type ${plain}`;
    const id = `type_${plain.split(/\s+/).slice(0, 2).join('_')}`;
    const sketch = this.#add({uses: 'confirm', id, title}, exchange, text);
    const where = why === 'forever' ? ' of its own' : '';
    sketch.with = {message: `Type this in a terminal${where}. Is it done?\n\n    ${text}\n`};
    sketch.decide.push(told);
    if (why === 'session') this.#session = sketch;
    if (exchange.output.length > 0) sketch.about.push(fenced(exchange.output.join('\n'), 'text'));
  }

  #shell(marked: string, exchange: Exchange, id?: string): Sketch {
    const words = marked
      .replace(/^sudo\s+/, '')
      .replaceAll(/ --version\b/g, ' version')
      .split(/\s+/)
      .filter((word) => /^[\w./-]+$/.test(word) && !word.startsWith('-'));
    const [first = ''] = marked.replace(/\uE000\d+\uE001/g, '…').split('\n');
    const idWords = words[0] === 'docker' && words[1] === 'run' ? words.slice(2) : words;
    const mapped: Mapped = {
      uses: 'shell',
      id:
        idWords
          .slice(0, 2)
          .map((word) => word.split('/').at(-1))
          .join('_') || 'script',
      title: `Run ${first.replace(/\s*\\$/, ' …')}`,
      ...(isReading(marked) ? {effect: 'reads'} : {}),
    };
    const sketch = this.#add(mapped, exchange, marked, id);
    if (/^sudo\b/m.test(marked)) sketch.decide.push('"sudo" must not ask for a password here');
    if (/^(source|\.)\s/.test(marked))
      sketch.decide.push('each step has a shell of its own: what this sets is gone after it');
    return sketch;
  }

  #add(mapping: Mapped, exchange: Exchange, marked = exchange.command, id = mapping.id): Sketch {
    const heading = this.#heading;
    this.#heading = undefined;
    const prose = this.#prose.splice(0);
    const taken = this.#ids.take(id);
    if (this.#steps.length === 0) this.#about.push(...prose);
    const title = heading === undefined ? undefined : titled(heading);
    const script = this.#marks.script(this.#withFiles(marked));
    const sketch: Sketch = {
      line: exchange.line,
      id: taken,
      title: title ?? titled(exchange.comment || this.#marks.text(mapping.title).replace(/\$\{\{.*?\}\}/g, '…')),
      about: this.#steps.length === 0 ? [] : prose,
      uses: mapping.uses,
      with:
        mapping.uses === 'shell' ? {run: script} : (this.#marks.filled(mapping.with ?? {}) as Record<string, unknown>),
      script,
      decide: [...this.#decisionsOfStep.splice(0), ...(mapping.decide ?? [])],
    };
    if (mapping.effect !== undefined) sketch.effect = mapping.effect;
    if (mapping.expect !== undefined) sketch.expect = mapping.expect;
    const on = mapping.on ?? (DOCKERED.test(mapping.uses) || /^docker /.test(marked) ? this.#on : undefined);
    if (on !== undefined) sketch.on = on;
    if (mapping.uses === 'shell' && this.#cwd !== undefined) sketch.cwd = this.#cwd;
    this.#renamed(sketch);
    this.#placed(sketch);
    if (mapping.uses === 'file.write') this.#files.set(String(mapping.with?.path), `steps.${taken}.outputs.path`);
    this.#ends(sketch);
    sketch.decide.push(...this.#doubts(sketch));
    this.#steps.push(sketch);
    return sketch;
  }

  /** After a `cd` a file stands in that folder, also beside the runbook. */
  #placed(sketch: Sketch): void {
    const key = PATHS[sketch.uses];
    const path = key === undefined ? undefined : sketch.with[key];
    if (key !== undefined && this.#cwd !== undefined && typeof path === 'string' && !path.startsWith('/'))
      sketch.with = {...sketch.with, [key]: joined(this.#cwd, path)};
  }

  /** A second container without a name gets another one. */
  #renamed(sketch: Sketch): void {
    if (sketch.uses !== 'docker.run' || !sketch.decide.some((what) => what.includes('had no name'))) return;
    const names = this.#steps.filter(({uses}) => uses === 'docker.run').map((one) => one.with.name);
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
    for (const step of this.#steps)
      if (step.until === undefined && /^(machine\.create|docker\.run)$/.test(step.uses))
        if (gone.includes(step.with.name) || (uses === 'machine.remove' && gone.includes(step.on))) step.until = id;
    if (uses !== 'machine.remove') return;
    this.#addresses.delete(String(options.name));
    if (this.#on === options.name) this.#on = undefined;
  }

  /** What was right where the document was written, and may not be here. */
  #doubts(sketch: Sketch): string[] {
    const text = JSON.stringify(sketch.with);
    const addresses = new Set(text.match(/\b(192\.168|10\.\d+|172\.(1[6-9]|2\d|3[01]))\.\d+\.\d+\b(?!\/)/g) ?? []);
    const ports = portsOf(sketch);
    const taken = this.#steps.find(
      (one) => one.on === sketch.on && one.until === undefined && portsOf(one).some((port) => ports.includes(port)),
    );
    return [
      ...[...addresses].map((one) => `${one} was an address of the author’s: yours is another one, or an output`),
      ...(taken === undefined ? [] : [`step "${taken.id}" publishes the same port: on one host only one of them can`]),
    ];
  }

  /** A file that an earlier step has written is beside the runbook, wherever the run was started. */
  #withFiles(text: string): string {
    let result = text;
    for (const [path, expression] of this.#files) {
      const plain = path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      result = result.replace(new RegExp(`(?<=[\\s=])(?:\\./)?${plain}(?=\\s|$)`, 'g'), this.#marks.mark(expression));
    }
    return result;
  }

  #done(sketch: Sketch, {output}: Exchange): void {
    const lines = output.filter((line, at) => !(line === '' && at === output.length - 1));
    const [only = ''] = lines;
    if (lines.some((line) => /[[(]y(es)?\/n(o)?[\])]/i.test(line)))
      sketch.decide.push(
        sketch.uses === 'shell'
          ? 'it asked a question: give the flag that answers it (such as -y)'
          : 'it asked before it acted, and the step does not: put a step "confirm" before it?',
      );
    if (lines.length === 1 && /^<[A-Za-z][\w -]*>$/.test(only.trim())) {
      sketch.outputs = {value: 'result.stdout.trim()'};
      this.#variables.prints(only.trim(), `steps.${sketch.id}.outputs.value`);
    } else this.#expect(sketch, lines);
  }

  /** What was printed becomes a check where it is the same each time; else it is kept to read. */
  #expect(sketch: Sketch, lines: readonly string[]): void {
    const reads = sketch.effect === 'reads';
    const check = checkOf(sketch.uses, lines, reads);
    if (check !== undefined) sketch.expect = check;
    else if (lines.some((line) => !/^[0-9a-f]{12,}$/.test(line)))
      sketch.about.push(`It printed:\n\n${fenced(lines.slice(0, 40).join('\n'), 'text')}`);
    if (check === undefined && sketch.uses === 'http.get') sketch.expect ??= 'result.status < 400';
  }
}

const portsOf = ({uses, with: options}: Sketch): string[] =>
  uses === 'docker.run' ? ((options.ports ?? []) as string[]).map((port) => port.replace(/:[^:]*$/, '')) : [];

const fenced = (text: string, language: string): string => {
  const fence = text.includes('```') ? '~~~~' : '```';
  return `${fence}${language}\n${text.replace(/\n+$/, '')}\n${fence}`;
};

const joined = (folder: string, more: string): string => {
  const parts = `${folder}/${more}`.split('/');
  const kept: string[] = [];
  for (const part of parts) {
    if (part === '..' && kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (part !== '.' && (part !== '' || kept.length === 0)) kept.push(part);
  }
  return kept.join('/') || '.';
};

/** A command that ends needs no terminal, and a run has none. */
const withoutTerminal = (text: string): string => {
  if (!/^docker (run|exec)\b/.test(text) || /^docker run\b.*\s(-\w*d\w*|--detach)\b/.test(text)) return text;
  return text.replace(/^(docker (?:run|exec)(?:\s+--?[\w-]+(?:=\S+)?)*?)\s+(?:-it|-ti|-t|--tty)(?=\s)/, '$1');
};
