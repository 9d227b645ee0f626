// Runs a composite action, or one job of a workflow, as GitHub's runner does.
//
// Reads one JSON object from standard input, writes one to standard output. What is run:
// `action` (a folder) with `inputs`, or `workflow` (a file) and `job`. `github`, `vars`
// and `secrets` are contexts; `env` is the job's environment; `workspace` and `temp` are
// folders. `local` says where actions of ours are (prefix of `uses` to folder); those
// (`ours`) and others (`uses`), which are not run, are listed with what they were given.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import YAML from 'yaml';
import { holds, substituted } from './expressions.mjs';

const asked = JSON.parse(fs.readFileSync(0, 'utf8'));
const said = { steps: [], uses: [], ours: [], commands: [], log: '', summary: '' };
const shared = { env: { ...asked.env }, paths: [], ok: true, count: 0 };
const github = { repository: 'acme/models', event_name: 'push', event: {}, token: 'good', ...asked.github };

const read = (file) => YAML.parse(fs.readFileSync(file, 'utf8'));
const mapped = (object, each) =>
  Object.fromEntries(Object.entries(object ?? {}).map(([key, value]) => [key, each(value, key)]));

// A file of `key=value` and `key<<fence` blocks, as GITHUB_OUTPUT and GITHUB_ENV are.
function pairs(file) {
  const found = {};
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const fenced = lines[at].match(/^([^=<]+)<<(.+)$/);
    const plain = lines[at].match(/^([^=]+)=(.*)$/);
    if (fenced) {
      const end = lines.indexOf(fenced[2], at + 1);
      if (end < 0) throw new Error(`no end of ${fenced[1]}`);
      found[fenced[1]] = lines.slice(at + 1, end).join('\n');
      at = end;
    } else if (plain) found[plain[1]] = plain[2];
    else if (lines[at]) throw new Error(`not key=value: ${lines[at]}`);
  }
  return found;
}

// Workflow commands that a runner would obey in *log*.
function obeyed(log) {
  let stopped = null;
  for (const line of log.split('\n')) {
    const [, name, , text] = line.match(/^::([\w-]+)( [^:]*)?::(.*)$/) ?? [];
    if (stopped) stopped = name === stopped ? null : stopped;
    else if (name === 'stop-commands') stopped = text;
    else if (name) said.commands.push({ name, text });
  }
}

function shell(step, contexts, folder) {
  const at = (shared.count += 1);
  const file = (name) => {
    const made = path.join(asked.temp, `${name}-${at}`);
    fs.writeFileSync(made, '');
    return made;
  };
  const files = { GITHUB_OUTPUT: file('output'), GITHUB_ENV: file('env'), GITHUB_PATH: file('path'), GITHUB_STEP_SUMMARY: file('summary') };
  const script = file('script');
  fs.writeFileSync(script, substituted(step.run, contexts, shared.ok));
  const ran = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    cwd: path.resolve(asked.workspace, substituted(step['working-directory'] ?? '.', contexts)),
    env: {
      ...process.env, ...shared.env, ...files,
      PATH: [...shared.paths, process.env.PATH].join(':'),
      CI: 'true', GITHUB_ACTIONS: 'true', RUNNER_TEMP: asked.temp, GITHUB_WORKSPACE: asked.workspace,
      GITHUB_REPOSITORY: github.repository, GITHUB_ACTION_PATH: folder ?? '',
      ...mapped(step.env, (value) => substituted(value, contexts, shared.ok)),
    },
  });
  if (ran.error) throw ran.error;
  const log = ran.stdout + ran.stderr;
  said.log += log;
  obeyed(log);
  said.summary += fs.readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8');
  Object.assign(shared.env, pairs(files.GITHUB_ENV));
  shared.paths.unshift(...fs.readFileSync(files.GITHUB_PATH, 'utf8').split('\n').filter(Boolean));
  return { ok: ran.status === 0, status: ran.status, outputs: pairs(files.GITHUB_OUTPUT) };
}

function used(step, contexts) {
  const inputs = mapped(step.with, (value) => substituted(value, contexts, shared.ok));
  const [name] = step.uses.split('@');
  const prefix = Object.keys(asked.local ?? {}).find((each) => name.startsWith(each));
  if (prefix === undefined) {
    said.uses.push({ uses: step.uses, with: inputs });
    return { ok: true, status: 0, outputs: {} };
  }
  const env = mapped(step.env, (value) => substituted(value, contexts, shared.ok));
  const done = composite(path.join(asked.local[prefix], name.slice(prefix.length)), inputs, env);
  said.ours.push({ uses: step.uses, with: inputs, outputs: done.outputs });
  return done;
}

function walked(steps, contexts, folder) {
  const results = {};
  for (const step of steps) {
    const all = { ...contexts, steps: results, env: shared.env, runner: { os: 'Linux', temp: asked.temp } };
    if (!holds(step.if, all, shared.ok)) continue;
    const done = step.uses ? used(step, all) : shell(step, all, folder);
    const outcome = done.ok ? 'success' : 'failure';
    said.steps.push({ name: step.name ?? step.uses ?? step.run, outcome, status: done.status });
    const forgiven = step['continue-on-error'] === true;
    if (step.id) results[step.id] = { outcome, conclusion: forgiven ? 'success' : outcome, outputs: done.outputs };
    if (!done.ok && !forgiven) shared.ok = false;
  }
  return results;
}

function composite(folder, given, env = {}) {
  const action = read(path.join(folder, 'action.yml'));
  const contexts = { github: { ...github, action_path: folder }, vars: {}, secrets: {} };
  const inputs = mapped(action.inputs, (input, key) => {
    if (input.required && given[key] === undefined) throw new Error(`input ${key} is required`);
    // What was given is not read again: what looks like an expression stays text.
    return given[key] === undefined ? substituted(input.default ?? '', contexts) : String(given[key]);
  });
  const before = mapped(env, (_, key) => shared.env[key]);
  Object.assign(shared.env, env);
  const steps = walked(action.runs.steps, { ...contexts, inputs }, folder);
  Object.assign(shared.env, before);
  const outputs = mapped(action.outputs, (output) => substituted(output.value, { ...contexts, inputs, steps }));
  return { ok: shared.ok, status: said.steps.at(-1).status, outputs };
}

function job(workflow, name) {
  const found = read(workflow).jobs[name];
  const contexts = { github, vars: asked.vars ?? {}, secrets: asked.secrets ?? {}, matrix: asked.matrix ?? {}, needs: asked.needs ?? {}, inputs: asked.inputs ?? {} };
  if (!holds(found.if, contexts, true)) return { ok: true, outputs: {}, skipped: true };
  Object.assign(shared.env, mapped({ ...read(workflow).env, ...found.env }, (value) => substituted(value, contexts)), asked.env);
  const steps = walked(found.steps, contexts);
  return { ok: shared.ok, outputs: mapped(found.outputs, (value) => substituted(value, { ...contexts, steps })) };
}

const done = asked.action ? composite(asked.action, asked.inputs ?? {}) : job(asked.workflow, asked.job);
console.log(JSON.stringify({ ...said, ...done }));
