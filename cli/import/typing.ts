import {mapCommand, type Setting} from './command.ts';
import type {Exchange} from './console.ts';
import type {Decisions} from './decisions.ts';
import {changeOf} from './environment.ts';
import {isMapped, type Mapped} from './mapped.ts';
import type {Marks} from './marks.ts';
import {byPerson, type PersonOnly, personOnly, questionOf} from './person.ts';
import {expectPrinted, printedPlaceholder, questionDoubts} from './printed.ts';
import {fenced} from './prose.ts';
import {shell, shellDoubts} from './shell.ts';
import type {Sketch} from './sketch.ts';
import type {Sketches} from './sketches.ts';
import {unattended} from './unattended.ts';
import type {Variables} from './variables.ts';

const MACHINE_IP = /\$\(\s*docker-machine\s+ip\s+([\w.-]+)\s*\)|`docker-machine\s+ip\s+([\w.-]+)`/g;

/** Makes steps of what is typed in one shell, and keeps what that shell would. */
export class Typing {
  readonly #project: string;
  readonly #marks: Marks;
  readonly #variables: Variables;
  readonly #sketches: Sketches;
  readonly #decisions: Decisions;
  /** The step that has opened another program, in which the next lines are typed. */
  #session: Sketch | undefined;

  constructor(project: string, marks: Marks, variables: Variables, sketches: Sketches, decisions: Decisions) {
    this.#project = project;
    this.#marks = marks;
    this.#variables = variables;
    this.#sketches = sketches;
    this.#decisions = decisions;
  }

  /** The commands of one block. */
  type(exchanges: readonly Exchange[]): void {
    for (const exchange of exchanges) this.#exchange(exchange);
    this.#session = undefined;
  }

  #exchange(exchange: Exchange): void {
    const text = exchange.command.trim();
    if (this.#session !== undefined) {
      this.#insideSession(this.#session, text);
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

  #insideSession(session: Sketch, text: string): void {
    if (/^(exit|logout|quit|\\q)$/.test(text)) this.#session = undefined;
    else session.with.message = `${session.with.message}    ${text.replaceAll('\n', '\n    ')}\n`;
  }

  /** `cd`: each step has a shell of its own, so that later steps are told where to start. */
  #enter(folder: string, {line}: Exchange): void {
    const typed = `"cd ${folder}"`;
    if (/^[$~-]|\uE000|[<>]/.test(folder)) this.#decisions.ofLine(line, `${typed}: say where the next steps start`);
    else {
      this.#sketches.place.enter(folder);
      const what = `${typed} holds for the next steps by their "cwd"`;
      this.#decisions.ofLine(line, `${what}; a relative one starts where the run was started`);
    }
  }

  /** What changes the shell that it is typed in. */
  #environment(text: string, exchange: Exchange): boolean {
    const change = changeOf(text);
    switch (change?.kind) {
      case 'machine':
        this.#pointAt(change.machine, text, exchange);
        return true;
      case 'capture':
        this.#capture(change.name, change.command, exchange);
        return true;
      case 'value':
        this.#set(change.name, change.value, exchange);
        return true;
      default:
        return false;
    }
  }

  #pointAt(machine: string | undefined, text: string, {line}: Exchange): void {
    this.#sketches.place.on = machine;
    const what =
      machine === undefined
        ? 'the next steps go to your own engine again'
        : `the next steps go to ${machine}: see their "on: ${machine}"`;
    this.#decisions.ofLine(line, `"${text}": ${what}`);
  }

  #set(name: string, value: string, {line}: Exchange): void {
    const placeholder = this.#variables.marked(value);
    if (placeholder.includes('\uE000')) {
      const input = this.#marks.text(placeholder).match(/\$\{\{ (.*?) \}\}/)?.[1] ?? '';
      this.#variables.set(name, input);
    } else {
      const input = this.#variables.give(name, value.replace(/^(["'])([\s\S]*)\1$/, '$2'));
      this.#decisions.ofNext(`${name} is the input "${input}": is its default right?`);
    }
    for (const what of this.#decisions.takeNext()) this.#decisions.ofLine(line, what);
  }

  /** `VAR=$(command)`: the output of a step. */
  #capture(name: string, command: string, exchange: Exchange): void {
    const marked = this.#marked(command, exchange);
    const mapping = mapCommand(marked, this.#setting);
    const value = isMapped(mapping) ? mapping.value : undefined;
    const sketch =
      value === undefined
        ? this.#shell(marked, exchange, name)
        : this.#sketches.add(mapping as Mapped, exchange, marked, name);
    const key = value !== undefined && /^\w+$/.test(value) ? value : 'value';
    sketch.outputs = {[key]: value === undefined ? 'result.stdout.trim()' : `result.${value}`};
    this.#variables.set(name, `steps.${sketch.id}.outputs.${key}`);
  }

  get #setting(): Setting {
    const {files, place} = this.#sketches;
    return {
      project: this.#project,
      composeFile: [...files.keys()].find((path) => /compose.*\.ya?ml$/.test(path)) ?? 'docker-compose.yml',
      inFolder: place.cwd !== undefined,
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
    const {addresses} = this.#sketches;
    const known = addresses.get(machine);
    if (known !== undefined) return this.#marks.mark(known);
    const command = `docker-machine ip ${machine}`;
    const {id} = this.#sketches.add(mapCommand(command, this.#setting) as Mapped, exchange, command);
    const expression = `steps.${id}.outputs.ip`;
    addresses.set(machine, expression);
    return this.#marks.mark(expression);
  }

  #command(text: string, exchange: Exchange): void {
    const alone = personOnly(text);
    if (alone !== undefined) {
      this.#manual(text, alone, exchange);
      return;
    }
    const {command, decide} = unattended(text);
    for (const what of decide) this.#decisions.ofNext(what);
    const marked = this.#marked(command, exchange);
    const mapping = mapCommand(marked, this.#setting);
    if (isMapped(mapping)) this.#printed(this.#sketches.add(mapping, exchange, marked), exchange);
    else {
      if (mapping !== undefined) this.#decisions.ofNext(`it stays a shell step: ${mapping.refused}`);
      this.#printed(this.#shell(marked, exchange), exchange);
    }
  }

  #manual(text: string, why: PersonOnly, exchange: Exchange): void {
    const sketch = this.#sketches.add(byPerson(text, why), exchange, text);
    sketch.with = {message: questionOf(text, why)};
    if (why === 'session') this.#session = sketch;
    if (exchange.output.length > 0) sketch.about.push(fenced(exchange.output.join('\n'), 'text'));
  }

  #shell(marked: string, exchange: Exchange, id?: string): Sketch {
    const sketch = this.#sketches.add(shell(marked), exchange, marked, id);
    sketch.decide.push(...shellDoubts(marked));
    return sketch;
  }

  #printed(sketch: Sketch, {output}: Exchange): void {
    const lines = output.filter((line, at) => !(line === '' && at === output.length - 1));
    sketch.decide.push(...questionDoubts(sketch, lines));
    const placeholder = printedPlaceholder(lines);
    if (placeholder === undefined) expectPrinted(sketch, lines);
    else {
      sketch.outputs = {value: 'result.stdout.trim()'};
      this.#variables.prints(placeholder, `steps.${sketch.id}.outputs.value`);
    }
  }
}
