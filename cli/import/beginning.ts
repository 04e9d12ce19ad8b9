import type {Workshop} from '../workshop.ts';
import {Importer} from './importer.ts';
import {repaired} from './judge.ts';
import {runbookText} from './runbook-text.ts';
import type {Draft, Sketch} from './sketch.ts';

/** What a first runbook is made from. */
export interface Beginning {
  readonly title?: string;
  readonly command: string;
  /** The command that shows that it worked. */
  readonly check?: string;
}

const HEAD = `# yaml-language-server: $schema=runbook.schema.json
# (an editor completes keys with that: runbook schema > runbook.schema.json)
#
# A runbook is a list of steps, done in this order. A step is done when it ran and its check holds:
# "expect" is true of what it found, within that time. Add steps below; each "id" is for good.`;

// What answers HTTP as a rule.
const WEB = [80, 3000, 5000, 8000, 8080, 8081, 8500, 8888, 9000, 9090];

/** The text of a runbook with one command, and a check that fits it. */
export const beginning = async (name: string, first: Beginning, workshop: Workshop): Promise<string> => {
  const check = first.check === undefined || first.check === '' ? '' : `\n$ ${first.check}`;
  const read = new Importer(name).read(`\`\`\`console\n$ ${first.command}${check}\n\`\`\`\n`);
  const steps = check === '' ? [...read.steps, ...checksOf(read.steps)] : read.steps.map(looking);
  const draft: Draft = {...read, title: first.title ?? read.steps[0]?.title ?? name, steps};
  return repaired(draft, () => runbookText(draft, {name, comment: HEAD, loose: []}), workshop);
};

/** The command that shows whether it worked changes nothing. */
const looking = (sketch: Sketch, index: number, all: readonly Sketch[]): Sketch =>
  index > 0 && index === all.length - 1 && sketch.uses === 'shell' ? {...sketch, effect: 'reads'} : sketch;

const checksOf = (steps: readonly Sketch[]): Sketch[] => {
  const started = steps.findLast(({uses}) => uses === 'docker.run');
  if (started === undefined) return [];
  const port = webPort((started.with.ports ?? []) as readonly string[]);
  if (port === undefined) return [];
  const url = `http://localhost:${port}/`;
  return [
    {
      line: started.line,
      id: 'answers',
      title: 'See that it answers',
      about: [],
      uses: 'http.get',
      with: {url},
      script: `curl -fsS ${url}`,
      expect: 'result.status < 400',
      decide: [],
    },
  ];
};

/** The host's port of the first one that is published for HTTP. */
const webPort = (ports: readonly string[]): string | undefined => {
  for (const port of ports) {
    const [, host, inside = ''] = /(?:^|:)(\d+):(\d+)(?:\/tcp)?$/.exec(port) ?? [];
    if (host !== undefined && WEB.includes(Number(inside))) return host;
  }
  return undefined;
};

/** A runbook to fill in, that can be run as it stands. */
export const template = (name: string): string => `${HEAD}
name: ${name}
title: What ${name} is for, in one line
about: |
  Why, and how, in Markdown: "runbook show ${name}" reads like a tutorial.

# What the operator may give: runbook run ${name} --set greeting=Hi
inputs:
  greeting: {type: string, default: Hello, about: The first word of the message}

steps:
  # Writes a file: "runbook undo" takes it back, and what is true already is skipped.
  - id: message
    title: Write a message
    uses: file.write
    with:
      path: ${name}.txt
      content: "\${{ inputs.greeting }}, world\\n"

  # A script, for what no step type does. "effect: reads" says that it changes nothing.
  - id: read
    title: Read it again
    run: cat \${{ steps.message.outputs.path }}
    effect: reads
    expect: result.stdout.startsWith(inputs.greeting)
    within: 10s

  # - id: web
  #   title: Start a web server
  #   uses: docker.run
  #   with: {name: web, image: "nginx:1.27", ports: ["127.0.0.1:8080:80"]}
  # - id: page
  #   title: See that it answers
  #   uses: http.get
  #   with: {url: "http://localhost:8080/"}
  #   expect: result.status == 200
  #   within: 30s
`;
