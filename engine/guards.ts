import {RunbookError} from './errors.ts';
import type {Node} from './graph.ts';
import type {Session} from './session.ts';

/** Whether every `when` around a node is true. */
export const guardsHold = (session: Session, node: Node): boolean =>
  node.guards.every(({when, scope, item}) => {
    const value = when.evaluate(session.scopes.valuesOf({scope, item}, 'real'));
    if (typeof value === 'boolean') return value;
    throw new RunbookError({
      code: 'expression-failed',
      message: `its condition is neither true nor false: ${when.source}`,
      place: when.place,
      expected: 'true or false',
      found: JSON.stringify(value) ?? 'nothing',
    });
  });
