// `${{ }}`, evaluated by GitHub's own engine.
import { Evaluator, Lexer, Parser, data } from '@actions/expressions';

const STATUS = /\b(success|failure|always|cancelled)\s*\(/;

function known(value) {
  if (value === null || value === undefined) return new data.Null();
  if (typeof value === 'string') return new data.StringData(value);
  if (typeof value === 'number') return new data.NumberData(value);
  if (typeof value === 'boolean') return new data.BooleanData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(known));
  return new data.Dictionary(
    ...Object.entries(value).map(([key, each]) => ({ key, value: known(each) })),
  );
}

function statusFunctions(ok) {
  const says = { success: ok, failure: !ok, always: true, cancelled: false };
  return Object.entries(says).map(([name, value]) => ({
    name, minArgs: 0, maxArgs: 0, description: '', call: () => new data.BooleanData(value),
  }));
}

// What the expression *text* comes to in *contexts*; *ok*: no step has failed yet.
function evaluated(text, contexts, ok) {
  const functions = statusFunctions(ok);
  const tree = new Parser(new Lexer(text).lex().tokens, Object.keys(contexts), functions).parse();
  const named = new Map(functions.map((each) => [each.name, each]));
  return new Evaluator(tree, known(contexts), named).evaluate();
}

// *text* with each `${{ }}` in it replaced, as a runner does before anything is run.
export function substituted(text, contexts, ok = true) {
  return String(text).replace(/\$\{\{([\s\S]*?)\}\}/g, (_, expression) =>
    evaluated(expression.trim(), contexts, ok).coerceString());
}

// Whether an `if:` holds; without a status function it means `success() && (…)`.
export function holds(condition, contexts, ok) {
  if (condition === undefined) return ok;
  const text = String(condition).replace(/^\s*\$\{\{([\s\S]*)\}\}\s*$/, '$1').trim();
  const whole = STATUS.test(text) ? text : `success() && (${text})`;
  const found = evaluated(whole, contexts, ok).coerceString().toLowerCase();
  return !['', 'false', '0', 'null'].includes(found);
}
