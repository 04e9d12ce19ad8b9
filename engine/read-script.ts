import {RunbookError} from './errors.ts';
import type {Expression, PlaceAt} from './expression.ts';
import type {Mistakes} from './mistakes.ts';
import {expressionOf, type Piece, piecesOf} from './read-template.ts';
import {HOLE, quotingOfHoles} from './shell-quoting.ts';
import type {ScriptValue, Template} from './template.ts';
import type {YamlScalar} from './yaml.ts';

// Variables that shells or common programs read: a value must never arrive by one of these.
const TAKEN =
  /^(?:PATH|HOME|IFS|ENV|PWD|OLDPWD|PPID|UID|EUID|GID|OPT(?:IND|ARG|ERR)|RANDOM|SECONDS|LINENO|SHELL\w*|BASH\w*|PS[0-4]|CDPATH|POSIXLY_CORRECT|LD_\w+|LANG|LANGUAGE|LC_\w+|USER|LOGNAME|MAIL|TERM|TZ|TMPDIR|HOST|HOSTNAME|HOSTTYPE|OSTYPE|MACHTYPE|COLUMNS|LINES|EDITOR|VISUAL|PAGER|BROWSER|DISPLAY|CI|DEBUG|NO_COLOR|FORCE_COLOR|NODE_\w+|npm_\w+|XDG_\w+|GIT_\w+|SSH_\w+|AWS_\w+|CURL_\w+|KUBECONFIG|DOCKER_\w+|COMPOSE_\w+|CONSUL_HTTP_\w+|CONSUL_(?:CACERT|CAPATH|CLIENT_\w+|TLS_\w+)|(?:HTTPS?|NO|ALL|FTP)_PROXY|RUNBOOK_\w+|REPLY|PIPESTATUS|GROUPS|DIRSTACK|FUNCNAME|HIST\w+|PROMPT_COMMAND|TIMEFORMAT|TMOUT|FIGNORE|GLOBIGNORE|MAILCHECK|MAILPATH)$/;

/**
 * A shell script whose `${{ }}` arrive by the environment. Places where a shell could change a value are noted.
 * @param taken names of variables that the script is given anyway
 */
export const readScript = (node: YamlScalar, taken: readonly string[], mistakes: Mistakes): Template => {
  const {value, placeIn} = node;
  if (typeof value !== 'string' || !value.includes('${{')) return {kind: 'literal', value};
  const pieces = mistakes.collect(() => piecesOf(value, placeIn)) ?? [];
  const holes = quotingOfHoles(pieces.map((piece) => (piece.kind === 'text' ? piece.text : HOLE)).join(''));
  const names = new Names(pieces, taken);
  let hole = 0;
  const parts = pieces.map((piece) => {
    if (piece.kind === 'text') return piece.text;
    const quoting = holes[hole++] ?? 'bare';
    // what a person has commented out is neither read nor filled in
    if (quoting === 'comment') return `\${{${piece.text}}}`;
    return mistakes.collect(() => scriptValue(piece, quoting, names, placeIn));
  });
  const known = parts.filter((part) => part !== undefined);
  if (known.every((part) => typeof part === 'string')) return {kind: 'literal', value: known.join('')};
  return {kind: 'script', parts: known};
};

const scriptValue = (
  piece: Piece,
  quoting: ScriptValue['quoting'] | {readonly refused: string},
  names: Names,
  placeAt: PlaceAt,
): ScriptValue => {
  if (typeof quoting === 'object') {
    const message = `a value can't stand ${quoting.refused} of a shell script`;
    const place = placeAt(piece.start - '${{'.length);
    throw new RunbookError({code: 'bad-template', message, place, next: [remedy(quoting.refused)]});
  }
  const expression = expressionOf(piece, placeAt);
  return {expression, name: names.nameOf(expression), quoting};
};

const remedy = (where: string): string => {
  if (where === 'in $((...))') return 'compute inside of the expression, as in ${{ inputs.servers + 1 }}';
  if (where === 'in backticks') return 'use $( ) instead of backticks';
  if (where === 'after a backslash') return 'write it bare or in double quotes, without the backslash';
  if (where === 'in ${...}') return 'put it in a variable of its own first, as in NAME=${{ ... }}';
  if (where.includes('here-document')) return 'write the delimiter without quotes';
  return 'write it bare or in double quotes; the value arrives unchanged in both';
};

/** Names for the variables of one script: readable, unique, and none that the script or a program uses otherwise. */
class Names {
  readonly #bySource = new Map<string, string>();
  readonly #foreign: ReadonlySet<string>;
  readonly #given = new Set<string>();

  constructor(pieces: readonly Piece[], taken: readonly string[]) {
    const words = pieces.flatMap((piece) => (piece.kind === 'text' ? (piece.text.match(/[A-Za-z_]\w*/g) ?? []) : []));
    this.#foreign = new Set([...words, ...taken]);
  }

  nameOf(expression: Expression): string {
    const known = this.#bySource.get(expression.source);
    if (known !== undefined) return known;
    const plain = wordsOf(expression)
      .join('_')
      .replace(/\W+/g, '_')
      .replace(/^_+|_+$/g, '')
      .toUpperCase();
    const wanted =
      /^[A-Z]/.test(plain) && !TAKEN.test(plain) && !this.#foreign.has(plain) ? plain : `RB_${plain || 'VALUE'}`;
    let name = wanted;
    for (let count = 2; this.#given.has(name) || this.#foreign.has(name); count++) name = `${wanted}_${count}`;
    this.#given.add(name);
    this.#bySource.set(expression.source, name);
    return name;
  }
}

// `steps.server1.outputs.ip` is called SERVER1_IP, `inputs.name` NAME, `item.key` ITEM_KEY
const wordsOf = ({references}: Expression): readonly string[] => {
  const [first] = references;
  if (first === undefined) return ['value'];
  if (first.root === 'steps') return first.path.filter((word, index) => index !== 1 || word !== 'outputs');
  return first.root === 'inputs' || first.root === 'env'
    ? first.path.slice(0, 3)
    : [first.root, ...first.path.slice(0, 2)];
};
