import * as v from 'valibot';
import {defineStepType, StepError} from '../engine/step-type.ts';
import {word} from './clients/docker-run-options.ts';
import {lastLines} from './clients/docker-stream.ts';
import {driverNamed, driverOf} from './clients/machines/machines.ts';
import {machineOptions} from './clients/machines/options.ts';

const options = machineOptions({
  command: v.pipe(
    v.array(word),
    v.minLength(1),
    v.description('What to run there, word by word; for a shell’s doings: [sh, -c, "ps aux | grep dockerd"]'),
  ),
});

const outputs = v.object({
  stdout: v.pipe(v.string(), v.description('What it printed, the first million characters of it')),
  stderr: v.pipe(v.string(), v.description('What it printed on its standard error')),
  exitCode: v.pipe(v.number(), v.description('0: any other fails the step')),
});

/** A command on a machine itself, beside its containers. */
export default defineStepType({
  name: 'machine.ssh',
  about: 'Runs a command on a machine itself.',
  options,
  outputs,
  effect: 'repeatable',
  effectIsSettable: true,

  command: (given, site) => driverNamed(given.driver).lines.exec(given, given.command.map(String), site),

  async run(given, context) {
    const driver = await driverOf(given, context);
    const done = await driver.exec(given, given.command.map(String), context);
    if (done.exitCode === 0) return done;
    throw new StepError(`"${given.command[0]}" exited with code ${done.exitCode} on machine "${given.name}"`, {
      code: 'command-failed',
      found: lastLines(done.stderr.trim() || done.stdout.trim()) || 'it printed nothing',
    });
  },

  enter: {what: 'its machine', line: (given, site) => driverNamed(given.driver).lines.enter(given, site)},

  shell: {
    outputs: {stdout: (given, site) => driverNamed(given.driver).lines.exec(given, given.command.map(String), site)},
  },
});
