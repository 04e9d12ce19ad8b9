import type {Rig} from '../rig.ts';

const CHAIN = `
  - {id: drain, uses: drain}
  - {id: upgrade, uses: upgrade, with: {value: "\${{ steps.drain.outputs.value }}"}}
  - {id: left, uses: side, needs: [upgrade]}
  - {id: right, uses: side, needs: [upgrade]}
  - {id: look, uses: look, needs: [left, right]}
`;

/** Steps that need each other, of all kinds of which a resume makes a difference. */
export const chain = async (rig: Rig) => {
  const steps = {
    drain: rig.step('drain'),
    upgrade: rig.step('upgrade'),
    side: rig.step('side'),
    look: rig.step('look', {effect: 'reads'}),
  };
  await rig.runbook(CHAIN);
  return steps;
};

/** How often something acted, such as `run drain`. */
export const count = (rig: Rig, act: string): number => rig.acts().filter((one) => one === act).length;
