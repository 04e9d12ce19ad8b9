import {hasVariable, prints, sh} from '../../engine/sh.ts';

/** A request as `curl` makes it; what `exchange` does, to paste. */
export interface CurlRequest {
  readonly url: string;
  /** GET, or POST where there is a body, when left out. */
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** Flags instead of `-fsS`. */
  readonly flags?: readonly string[];
}

// `-X GET` would be said twice, and `-X HEAD` waits for a body that never comes
const methodFlags = ({method, body}: CurlRequest): readonly string[] => {
  const usual = body === undefined ? 'GET' : 'POST';
  if (method === undefined || method === usual) return [];
  return method === 'HEAD' ? ['-I'] : ['-X', method];
};

// curl leaves out a header without a value unless it ends in a semicolon
const headerLine = ([name, value]: readonly [string, string]): string =>
  value === '' ? `${name};` : `${name}: ${value}`;

/**
 * The command line. A secret never stands in curl's arguments, where everyone on the machine could read it: headers and
 * bodies with one are printed into a pipe.
 */
export const curl = (request: CurlRequest): string => {
  const lines = Object.entries(request.headers ?? {}).map(headerLine);
  const secret = lines.filter(hasVariable);
  const {body} = request;
  const bodyFromStdin = body !== undefined && (hasVariable(body) || body.includes('\0'));
  const flags = [
    ...(request.flags ?? ['-fsS']),
    ...methodFlags(request),
    ...lines.filter((line) => !hasVariable(line)).flatMap((line) => ['-H', line]),
    ...(secret.length === 0 ? [] : ['-H', bodyFromStdin ? '@/dev/fd/3' : '@-']),
    ...(body === undefined ? [] : bodyFromStdin ? ['--data-binary', '@-'] : ['--data-raw', body]),
  ];
  const call = sh`curl ${flags} ${request.url}`;
  const posted = bodyFromStdin ? `${prints(body)} | ${call}` : call;
  if (secret.length === 0) return posted;
  const headers = sh`printf '%s\\n' ${secret}`;
  return bodyFromStdin ? `${headers} | { ${posted}; } 3<&0` : `${headers} | ${posted}`;
};
