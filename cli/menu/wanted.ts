import type {Registry} from '../../engine/index.ts';
import type {Call} from '../command.ts';
import type {Gone} from '../conduct.ts';
import {hasTerminal} from '../prompt.ts';

/** Whether somebody is there to be asked what to do about a failure, and wants to be. */
export const wantsMenu = (call: Call, gone: Gone, yes: boolean, registry: Registry): boolean => {
  const {around, json} = call;
  const {env} = around;
  const {menu = true} = call.options<{readonly menu?: boolean}>();
  if (gone.result.outcome !== 'failed' || !menu || env.RUNBOOK_NO_MENU) return false;
  const isAttended = !yes && !json && hasTerminal(around) && around.inForeground() && env.TERM !== 'dumb';
  return isAttended && !isInCi(env) && !isRefusal(gone, registry);
};

const isInCi = ({CI}: Call['around']['env']): boolean => CI !== undefined && CI !== '' && CI !== 'false' && CI !== '0';

/** The person has just said no to a question, and knows what to do about it. */
const isRefusal = ({result, uses}: Gone, registry: Registry): boolean =>
  result.failures.every(({step, problem}) => {
    const type = registry.get(uses.get(step) ?? '');
    return problem.code === 'needs-answer' && type?.asks === true && type.needsVerify !== true;
  });
