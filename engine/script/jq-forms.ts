/* What stands in jq for the signs, functions and methods of CEL. */

/** What filters call, for the head of the script. A missing key is an error, as in CEL: otherwise `x.typo != 1` would hold. */
export const JQ_HELPERS = String.raw`
def at($k):
  if type == "object" and ($k | type) == "string" and has($k) then .[$k]
  elif type == "array" and ($k | type) == "number" and $k >= 0 and $k < length then .[$k]
  else error("no such key: \($k)") end;
def each: if type == "object" then keys_unsorted[] else .[] end;
def is_in($c): . as $x | if ($c | type) == "object" then $c | has($x) else any($c[]; . == $x) end;
def plus($a; $b):
  if ([$a, $b] | map(type) | unique) == ["number", "string"] then "\($a)\($b)" else $a + $b end;
def lines: gsub("\r\n"; "\n") | rtrimstr("\n") | if . == "" then [] else split("\n") end;
def trimmed: sub("^\\s+"; "") | sub("\\s+$"; "");`.trim();

const HELPER_CALL = /\b(?:at|each|is_in|plus|lines|trimmed)\b/;

/** Whether a filter calls one of the helpers. */
export const needsHelpers = (filter: string): boolean => HELPER_CALL.test(filter);

export const INFIX: Readonly<Record<string, string>> = {
  '==': '==',
  '!=': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  '-': '-',
  '*': '*',
  '/': '/',
  '%': '%',
  '&&': 'and',
  '||': 'or',
};

/** Methods of a text or list, with their arguments in jq. */
export const METHODS: Readonly<Record<string, (receiver: string, ...args: string[]) => string>> = {
  size: (receiver) => `(${receiver} | length)`,
  contains: (receiver, part) => `(${receiver} | contains(${part}))`,
  startsWith: (receiver, part) => `(${receiver} | startswith(${part}))`,
  endsWith: (receiver, part) => `(${receiver} | endswith(${part}))`,
  matches: (receiver, pattern) => `(${receiver} | test(${pattern}))`,
  split: (receiver, separator) => `(${receiver} | split(${separator}))`,
  join: (receiver, separator = '""') => `(${receiver} | join(${separator}))`,
  trim: (receiver) => `(${receiver} | trimmed)`,
  lines: (receiver) => `(${receiver} | lines)`,
  lowerAscii: (receiver) => `(${receiver} | ascii_downcase)`,
  upperAscii: (receiver) => `(${receiver} | ascii_upcase)`,
};

export const FUNCTIONS: Readonly<Record<string, (argument: string) => string>> = {
  size: (argument) => `(${argument} | length)`,
  string: (argument) => `(${argument} | tostring)`,
  int: (argument) => `(${argument} | tonumber | trunc)`,
  double: (argument) => `(${argument} | tonumber)`,
  json: (argument) => `(${argument} | fromjson)`,
};

export const MACROS: Readonly<Record<string, (each: string, variable: string, body: string) => string>> = {
  all: (each, name, body) => `all(${each}; . as $${name} | ${body})`,
  exists: (each, name, body) => `any(${each}; . as $${name} | ${body})`,
  exists_one: (each, name, body) => `([${each} | select(. as $${name} | ${body})] | length == 1)`,
  map: (each, name, body) => `[${each} | . as $${name} | ${body}]`,
  filter: (each, name, body) => `[${each} | select(. as $${name} | ${body})]`,
};
