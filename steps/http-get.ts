import * as v from 'valibot';
import {defineStepType, type Site} from '../engine/step-type.ts';
import {curlLine, fetched, httpOptions, httpOutputs, httpShellOutputs} from './clients/http-options.ts';

const options = v.strictObject(httpOptions);
type Options = v.InferOutput<typeof options>;

const command = (given: Options, _site: Site): string => curlLine(given, {headers: given.headers});

/** Looks at what an address answers. */
export default defineStepType({
  name: 'http.get',
  about: 'Gets a URL and hands on the status, the headers and the body, as text and as JSON.',
  options,
  outputs: httpOutputs,
  effect: 'reads',
  secretOptions: ['headers'],
  command,
  run: (given, context) => fetched(given, {method: 'GET', headers: given.headers}, context),
  shell: {outputs: httpShellOutputs(({headers}: Options) => ({headers}))},
});
