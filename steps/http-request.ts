import * as v from 'valibot';
import {defineStepType, PermanentError, type Site} from '../engine/step-type.ts';
import {curlLine, fetched, httpOptions, httpOutputs} from './clients/http-options.ts';

const options = v.strictObject({
  method: v.pipe(
    v.picklist(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']),
    v.description('The method, in capitals'),
  ),
  ...httpOptions,
  body: v.optional(v.pipe(v.string(), v.description('The body, sent as it is'))),
  json: v.optional(v.pipe(v.any(), v.description('The body as a value; sent as JSON. Instead of `body`'))),
});
type Options = v.InferOutput<typeof options>;

const TYPE = 'content-type';

/** The request's body and headers; a body of ours never goes without its type, which curl would take for a form's. */
const contentOf = ({body, json, headers = {}}: Options) => {
  if (json === undefined && body === undefined) return {headers};
  const type = json === undefined ? 'text/plain; charset=utf-8' : 'application/json';
  const named = Object.keys(headers).some((name) => name.toLowerCase() === TYPE);
  return {
    body: json === undefined ? body : JSON.stringify(json),
    headers: named ? headers : {[TYPE]: type, ...headers},
  };
};

const command = (given: Options, _site: Site): string => curlLine(given, {method: given.method, ...contentOf(given)});

/** One request that may change something. */
export default defineStepType({
  name: 'http.request',
  about: 'Sends a request of any method, with a body as text or as JSON.',
  options,
  outputs: httpOutputs,
  effect: 'repeatable',
  effectIsSettable: true,
  secretOptions: ['headers', 'body', 'json'],
  command,
  async run(given, context) {
    if (given.body !== undefined && given.json !== undefined) {
      throw new PermanentError('`body` and `json` are both given', {
        code: 'http-failed',
        next: 'leave one of them out',
      });
    }
    return fetched(given, {method: given.method, ...contentOf(given)}, context);
  },
  shell: {outputs: {body: command, json: command}},
});
