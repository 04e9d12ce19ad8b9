/** Stands for one `${{ }}` in a script that is being looked at. */
export const HOLE = '\uE002';

/** How a shell would treat what stands in a hole; `refused` says where a value can't arrive unchanged. */
export type Quoting = 'bare' | 'double' | 'here' | 'comment' | {readonly refused: string};

const SINGLE = {refused: 'in single quotes'};
const ANSI = {refused: "in $'...'"};
const BACKTICK = {refused: 'in backticks'};
const BRACE = {refused: 'in ${...}'};
const ARITHMETIC = {refused: 'in $((...))'};
const ESCAPED = {refused: 'after a backslash'};
const DELIMITER = {refused: 'in the delimiter of a here-document'};
const QUOTED_HERE = {refused: 'in a here-document with a quoted delimiter'};

interface Frame {
  readonly kind: 'command' | 'double' | 'here' | 'brace' | 'arithmetic';
  /** Parentheses open inside of arithmetic; `case`s open inside of a command. */
  depth: number;
}

interface HereDocument {
  readonly delimiter: string;
  readonly stripsTabs: boolean;
  readonly isQuoted: boolean;
}

// Words after which the next word is again the start of a command.
const LEADING = new Set(['if', 'then', 'else', 'elif', 'do', 'while', 'until', '!', '{', 'time', 'in']);

/** For each hole of a script, in order, how the shell would treat it there. */
export const quotingOfHoles = (script: string): readonly Quoting[] => new Lexer(script, 'command').holes();

/** Follows a script of POSIX sh or bash just far enough to know what is quoted. */
class Lexer {
  readonly #text: string;
  readonly #stack: Frame[];
  readonly #holes: Quoting[] = [];
  #documents: HereDocument[] = [];
  #at = 0;
  #startsCommand = true;
  #startsWord = true;

  constructor(text: string, kind: Frame['kind']) {
    this.#text = text;
    this.#stack = [{kind, depth: 0}];
  }

  holes(): readonly Quoting[] {
    while (this.#at < this.#text.length) this.#step();
    return this.#holes;
  }

  get #frame(): Frame {
    return this.#stack.at(-1) ?? {kind: 'command', depth: 0};
  }

  #step(): void {
    const char = this.#text[this.#at] ?? '';
    const {kind} = this.#frame;
    if (char === HOLE) this.#hole();
    else if (char === '\\') this.#backslash();
    else if (char === '`') this.#skipTo('`', BACKTICK, true);
    else if (char === '$') this.#dollar();
    else if (kind === 'command') this.#command(char);
    else if (kind === 'double') this.#close(char, '"');
    else if (kind === 'brace') this.#brace(char);
    else if (kind === 'arithmetic') this.#arithmetic(char);
    else this.#at++;
  }

  #hole(): void {
    this.#at++;
    this.#holes.push(this.#quoting());
    this.#word();
  }

  #quoting(): Quoting {
    const {kind} = this.#frame;
    for (const frame of this.#stack.toReversed()) {
      if (frame.kind === 'command') break;
      if (frame.kind === 'brace') return BRACE;
      if (frame.kind === 'arithmetic') return ARITHMETIC;
    }
    return kind === 'double' || kind === 'here' ? kind : 'bare';
  }

  #backslash(): void {
    if (this.#text[this.#at + 1] === HOLE) this.#holes.push(ESCAPED);
    this.#at += 2;
    this.#word();
  }

  #dollar(): void {
    this.#word();
    const {kind} = this.#frame;
    const rest = this.#text.slice(this.#at + 1, this.#at + 3);
    if (rest === '((') this.#open('arithmetic', 3);
    else if (rest.startsWith('(')) this.#open('command', 2);
    else if (rest.startsWith('{')) this.#open('brace', 2);
    else if (rest.startsWith("'") && kind === 'command') {
      this.#at++;
      this.#skipTo("'", ANSI, true);
    } else this.#at++;
  }

  #open(kind: Frame['kind'], length: number): void {
    this.#stack.push({kind, depth: 0});
    this.#at += length;
    this.#startsCommand = this.#startsWord = true;
  }

  #close(char: string, end: string): void {
    this.#at++;
    if (char === end) this.#stack.pop();
  }

  #brace(char: string): void {
    if (char === '"') this.#open('double', 1);
    else if (char === "'" && this.#stack.at(-2)?.kind === 'command') this.#skipTo("'", SINGLE, false);
    else this.#close(char, '}');
  }

  #arithmetic(char: string): void {
    const frame = this.#frame;
    if (char === '(') frame.depth++;
    if (char === ')' && frame.depth-- === 0) {
      this.#stack.pop();
      this.#at++; // the first of two
    }
    this.#at++;
  }

  #command(char: string): void {
    if (char === "'") this.#skipTo("'", SINGLE, false);
    else if (char === '"') this.#open('double', 1);
    else if (char === '#' && this.#startsWord) this.#skipTo('\n', 'comment', false);
    else if (char === '\n') this.#newLine();
    else if (char === '(') this.#parenthesis();
    else if (char === ')') this.#closeParenthesis();
    else if (this.#text.startsWith('<<', this.#at)) this.#hereDocument();
    else if (/[;&|]/.test(char)) this.#separate(true);
    else if (/[\s<>]/.test(char)) this.#separate(this.#startsCommand);
    else this.#literal();
  }

  #separate(startsCommand: boolean): void {
    this.#at++;
    this.#startsCommand = startsCommand;
    this.#startsWord = true;
  }

  #word(): void {
    this.#startsWord = false;
    this.#startsCommand = false;
  }

  // `((` starts arithmetic in bash, but may also be two subshells: then no `))` ends it.
  #parenthesis(): void {
    const isArithmetic =
      this.#startsCommand &&
      this.#text.startsWith('((', this.#at) &&
      /^\(\((?:[^()]|\([^()]*\))*\)\)/.test(this.#text.slice(this.#at));
    this.#open(isArithmetic ? 'arithmetic' : 'command', isArithmetic ? 2 : 1);
  }

  // In `case x in a) ...` a parenthesis ends a pattern.
  #closeParenthesis(): void {
    if (this.#frame.depth === 0 && this.#stack.length > 1) {
      this.#stack.pop();
      this.#at++;
      this.#word();
    } else this.#separate(true);
  }

  #literal(): void {
    const word = /^[^\s"'`$\\()<>;&|\uE002]+/.exec(this.#text.slice(this.#at, this.#at + 64))?.[0] ?? ' ';
    const isCommand = this.#startsCommand && this.#startsWord;
    this.#at += word.length;
    this.#word();
    if (!isCommand) return;
    const frame = this.#frame;
    if (word === 'case') frame.depth++;
    if (word === 'esac') frame.depth--;
    this.#startsCommand = LEADING.has(word);
  }

  #hereDocument(): void {
    if (this.#text.startsWith('<<<', this.#at)) {
      this.#at += 3;
      return;
    }
    const found = /^<<(-?)[ \t]*((?:\\.|'[^']*'|"[^"]*"|[^\s;&|<>()])*)/.exec(
      this.#text.slice(this.#at, this.#at + 300),
    );
    const [all = '<<', dash, word = ''] = found ?? [];
    for (const char of word) if (char === HOLE) this.#holes.push(DELIMITER);
    this.#at += all.length;
    const delimiter = word.replace(/\\(.)|['"]/g, '$1');
    this.#documents.push({delimiter, stripsTabs: dash === '-', isQuoted: delimiter !== word});
  }

  #newLine(): void {
    this.#separate(true);
    for (const document of this.#documents) this.#body(document);
    this.#documents = [];
  }

  #body({delimiter, stripsTabs, isQuoted}: HereDocument): void {
    const start = this.#at;
    let end = start;
    while (end < this.#text.length) {
      const next = this.#text.indexOf('\n', end);
      const line = this.#text.slice(end, next < 0 ? undefined : next);
      this.#at = next < 0 ? this.#text.length : next + 1;
      if ((stripsTabs ? line.replace(/^\t+/, '') : line) === delimiter) break;
      end = this.#at;
    }
    const body = this.#text.slice(start, end);
    if (!isQuoted) this.#holes.push(...new Lexer(body, 'here').holes());
    else for (const char of body) if (char === HOLE) this.#holes.push(QUOTED_HERE);
  }

  #skipTo(end: string, holes: Quoting, hasEscapes: boolean): void {
    const isComment = holes === 'comment';
    for (this.#at++; this.#at < this.#text.length && this.#text[this.#at] !== end; this.#at++) {
      if (hasEscapes && this.#text[this.#at] === '\\') this.#at++;
      if (this.#text[this.#at] === HOLE) this.#holes.push(holes);
    }
    // the line feed behind a comment may start a here-document
    if (isComment) return;
    this.#at++;
    this.#word();
  }
}
