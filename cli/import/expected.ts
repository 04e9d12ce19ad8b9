/** A check made of what a command printed; undefined where nothing in it stays the same from run to run. */
export const checkOf = (uses: string, output: readonly string[], reads: boolean): string | undefined => {
  if (output.length === 0) return undefined;
  switch (uses) {
    case 'docker.ps':
      return all(
        column(output, 'NAMES')
          .map((name) => name.split('/').at(-1) ?? '')
          .filter(isChosen),
        'result.names',
      );
    case 'machine.list':
      return all(column(output, 'NAME'), 'result.names');
    case 'swarm.nodes':
      return all(column(output, 'HOSTNAME'), 'result.ready');
    case 'consul.members':
      return all(
        column(
          output.filter((line, at) => at === 0 || /\balive\b/.test(line)),
          'Node',
        ),
        'result.alive',
      );
    case 'http.get':
      return answer(output.join('\n'));
    case 'docker.exec':
    case 'machine.ssh':
    case 'shell':
      return printed(output, reads);
    case 'docker.logs': {
      const word = output.map(stable).find((one) => one !== undefined);
      return word === undefined ? undefined : `result.text.contains(${quote(word)})`;
    }
    default:
      return undefined;
  }
};

const quote = (text: string): string => JSON.stringify(text);

const all = (names: readonly string[], where: string): string | undefined => {
  const unique = [...new Set(names)];
  const [only] = unique;
  if (only === undefined) return undefined;
  return unique.length === 1 ? `${quote(only)} in ${where}` : `[${unique.map(quote).join(', ')}].all(n, n in ${where})`;
};

/** Docker invents names for containers that have none: an adjective and a person. */
const isChosen = (name: string): boolean => /^[\w.-]+$/.test(name) && !/^[a-z]+_[a-z]+\d?$/.test(name);

/** The first word of each row under a heading of a table. */
const column = (output: readonly string[], heading: string): string[] => {
  const [head = '', ...rows] = output;
  const at = new RegExp(`(^|\\s)${heading}(?=\\s|$)`).exec(head);
  if (at === null) return [];
  const from = at.index + (at[1]?.length ?? 0);
  const isLast = head.slice(from).trim() === heading;
  return rows
    .filter((row) => row.trim() !== '' && (!isLast || row.length > from - 12))
    .map((row) => (isLast ? row.trim().split(/\s+/).at(-1) : row.slice(from).trim().split(/\s+/)[0]) ?? '')
    .filter((name) => /^[\w./-]+$/.test(name) && !/^[0-9a-f]{12,}$/.test(name));
};

const NAMES = ['Node', 'name', 'Name', 'ServiceName', 'Service', 'title'];

const answer = (text: string): string | undefined => {
  try {
    return ofJson(JSON.parse(text) as unknown);
  } catch {
    const title = /<title>\s*([^<]+?)\s*<\/title>/i.exec(text)?.[1] ?? /<h1>\s*([^<]+?)\s*<\/h1>/i.exec(text)?.[1];
    const word =
      title ??
      text
        .split('\n')
        .map(stable)
        .find((one) => one !== undefined);
    return word === undefined ? undefined : `result.body.contains(${quote(word)})`;
  }
};

const ofJson = (value: unknown): string | undefined => {
  if (Array.isArray(value)) {
    const key = NAMES.find(
      (one) => value.length > 0 && value.every((each) => isText((each as Record<string, unknown>)?.[one])),
    );
    if (key === undefined) return value.length > 0 ? 'size(result.json) > 0' : undefined;
    const names = [...new Set(value.map((each) => String((each as Record<string, unknown>)[key])))].slice(0, 8);
    return `[${names.map(quote).join(', ')}].all(n, result.json.exists(x, x.${key} == n))`;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const keys = Object.keys(value)
    .filter((key) => /^[A-Za-z_]\w*$/.test(key) && !volatile(key))
    .slice(0, 3);
  const known = Object.entries(value).find(
    ([key, one]) => keys.includes(key) && /^(status|message|state|ok|name)$/i.test(key) && isText(one),
  );
  if (known !== undefined) return `result.json.${known[0]} == ${quote(String(known[1]))}`;
  return keys.length === 0 ? undefined : keys.map((key) => `has(result.json.${key})`).join(' && ');
};

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '' && !volatile(value);

/** Addresses, ids, times, versions and amounts: what differs next time. */
const volatile = (text: string): boolean =>
  /\d+\.\d+|\b[0-9a-f]{7,}\b|\d:\d\d|\b\d{4}-\d\d|\bago\b|\d ?(ms|[kKMG]?i?B|s|%)\b|<[^>]+>|\uE000|\/(home|Users|tmp)\//.test(
    text,
  );

/** The part of a line that will be the same next time. */
const stable = (line: string): string | undefined => {
  const text = line.trim().replace(/^"(.*)"$/, '$1');
  if (/^\((integer|nil|error)\)|^[-=+*#|_.\s]+$|\(y\/n\)|\[y\/n\]/i.test(text)) return undefined;
  if (!/\d/.test(text)) return text.length <= 80 && /[A-Za-z]{2}/.test(text) && !volatile(text) ? text : undefined;
  if (!volatile(text) && text.length <= 40 && !/\d{3,}|#\d/.test(text)) return text;
  const start = text.replace(/\s+\S*\d[\s\S]*$/, '');
  return start !== text && /[A-Za-z]{4}/.test(start) && !volatile(start) && start.length <= 60 ? start : undefined;
};

const GENERATED = /-[a-z0-9]{8,10}-[a-z0-9]{5}$|-[a-z0-9]{5}$/;

const printed = (output: readonly string[], reads: boolean): string | undefined => {
  const [first = ''] = output;
  if (output.length > 1 && /^[A-Z][A-Z() -]{2,}( {2,}|\t)[A-Z]/.test(first)) {
    const names = output
      .slice(1, 6)
      .map((line) => line.split(/\s+/)[0] ?? '')
      .filter((name) => /[a-z]{3}/i.test(name) && !GENERATED.test(name) && !volatile(name));
    return names.length === 0 || !reads
      ? undefined
      : names.map((name) => `result.stdout.contains(${quote(name)})`).join(' && ');
  }
  if (output.length > 1 && !reads) return undefined;
  if (output.length > 4) return undefined;
  const word = output.map(stable).find((one) => one !== undefined);
  return word === undefined ? undefined : `result.stdout.contains(${quote(word)})`;
};
