import * as assert from 'uvu/assert';
import * as v from 'valibot';
import {type StepContext, StepError, type StepType} from '../engine/step-type.ts';
import {testEngine} from './docker-engine.ts';
import {type StepRig, stepTest} from './step-rig.ts';

/** A busybox: every tool a test needs in a container, in 2 MB. */
export const IMAGE = 'runbook/test:1';

/** The environment of a person whose Docker is the tests' own engine. */
export const dockerEnv = async (): Promise<NodeJS.ProcessEnv> => {
  const engine = await testEngine();
  await engine.load(IMAGE);
  const {DOCKER_CONTEXT: _context, DOCKER_TLS_VERIFY: _tls, DOCKER_CERT_PATH: _path, ...env} = process.env;
  return {...env, ...engine.env};
};

/** A step test on the tests' own engine; containers and networks with the rig's unique name in theirs end with it. */
export const dockerTest = (body: (rig: StepRig) => Promise<void>): (() => Promise<void>) =>
  stepTest(async (rig) => {
    rig.cleanup(async () => {
      const named = `--filter name=${rig.unique}`;
      await rig.sh(
        `docker ps -aq ${named} | xargs -r docker rm -f -v; docker network ls -q ${named} | xargs -r docker network rm`,
      );
    });
    await body(rig);
  }, dockerEnv);

/** A step type with options as a runbook gives them: defaults filled in. */
export const step = <O extends v.GenericSchema, R extends v.GenericSchema>(
  type: StepType<O, R>,
  input: v.InferInput<O>,
) => {
  const options = v.parse(type.options, input);
  return {
    options,
    command: (context: StepContext) => type.command(options, context),
    run: (context: StepContext) => type.run(options, context),
    undo: (context: StepContext) => type.undo?.(options, context),
    async verdict(context: StepContext) {
      assert.ok(type.verify);
      return type.verify(options, context);
    },
    prove: (rig: StepRig) => rig.proveCommand(type, options),
  };
};

/** What a step failed with. */
export const failureOf = async (promise: Promise<unknown>): Promise<StepError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StepError) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

/** What `docker` itself says, trimmed. */
export const docker = async (rig: StepRig, line: string): Promise<string> => {
  const {stdout, stderr, code} = await rig.sh(`docker ${line}`);
  assert.is(code, 0, `docker ${line}\n${stderr}`);
  return stdout.trim();
};
