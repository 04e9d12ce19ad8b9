import {RunbookError} from './errors.ts';
import {quote} from './sh.ts';
import type {Json, StepType} from './step-type.ts';
import {type Evaluate, renderTemplate, type ScriptValue, type Template, textOf} from './template.ts';

type Parts = readonly (string | ScriptValue)[];

/**
 * The script as it is run: every value stands as a variable, whose content comes by the environment.
 * @throws RunbookError `bad-value` when a value holds a NUL, which no environment can carry
 */
export const renderScript = (parts: Parts, evaluate: Evaluate): {text: string; env: Record<string, string>} => {
  const env: Record<string, string> = {};
  const texts = parts.map((part) => {
    if (typeof part === 'string') return part;
    env[part.name] ??= carried(part, evaluate);
    return part.quoting === 'bare' ? `"$${part.name}"` : `\${${part.name}}`;
  });
  return {text: texts.join(''), env};
};

const carried = ({expression}: ScriptValue, evaluate: Evaluate): string => {
  const text = textOf(evaluate(expression));
  if (!text.includes('\0')) return text;
  const message = `the value of "${expression.source}" holds a NUL byte, which no environment variable can carry`;
  throw new RunbookError({code: 'bad-value', message, place: expression.place});
};

/** The script as a person would type it: the values in their places; `variable(name)` markers stay variables. */
export const displayScript = (parts: Parts, evaluate: Evaluate): string =>
  parts
    .map((part) => {
      if (typeof part === 'string') return part;
      const text = textOf(evaluate(part.expression));
      return part.quoting === 'bare' ? quote(text) : quoteInside(text, part.quoting);
    })
    .join('');

const quoteInside = (text: string, quoting: 'double' | 'here'): string =>
  text
    .replace(quoting === 'double' ? /[\\$"`]/g : /[\\$`]/g, '\\$&')
    .replace(/\uE000([A-Za-z_][A-Za-z0-9_]*)\uE001/gu, '${$1}');

/** A step's options with every value filled in; a script's values arrive by its option `env`. */
export const renderOptions = (type: StepType, options: Template, evaluate: Evaluate): Json => {
  const script = scriptOf(type, options);
  if (script === undefined || type.scriptOption === undefined) return renderTemplate(options, evaluate);
  const rest = renderTemplate(options, (expression) => evaluate(expression)) as Record<string, Json>;
  const {text, env} = renderScript(script, evaluate);
  const given = rest.env as Record<string, Json> | undefined;
  return {...rest, [type.scriptOption]: text, ...(Object.keys(env).length === 0 ? {} : {env: {...given, ...env}})};
};

/** The options as `command` shows them: a script as a person would type it. */
export const displayOptions = (type: StepType, options: Template, evaluate: Evaluate): Json => {
  const script = scriptOf(type, options);
  if (script === undefined || type.scriptOption === undefined) return renderTemplate(options, evaluate);
  const rest = renderTemplate(options, evaluate) as Record<string, Json>;
  return {...rest, [type.scriptOption]: displayScript(script, evaluate)};
};

const scriptOf = (type: StepType, options: Template): Parts | undefined => {
  if (type.scriptOption === undefined || options.kind !== 'map') return undefined;
  const script = options.entries.get(type.scriptOption);
  return script?.kind === 'script' ? script.parts : undefined;
};
