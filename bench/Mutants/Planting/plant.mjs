// Plants mutants into the JavaScript client: node --expose-internals plant.mjs <source> <target> <first number>. Prints what was planted, as JSON.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

// Node's own parser: the client has no parser among its packages.
const { parse } = createRequire(import.meta.url)('internal/deps/acorn/acorn/dist/acorn');
const [source, target, first] = process.argv.slice(2);

const OTHERS = {
  __proto__: null,
  '<': ['<=', '>='], '<=': ['<', '>'], '>': ['>=', '<='], '>=': ['>', '<'], '===': ['!=='], '!==': ['==='], '==': ['!='], '!=': ['=='],
  '+': ['-'], '-': ['+'], '*': ['/'], '/': ['*'], '%': ['*'], '&': ['|'], '|': ['&'], '<<': ['>>'], '>>': ['<<'],
};
const SWAPPED = { __proto__: null, '+=': '-=', '-=': '+=' };
const OPPOSITE = { __proto__: null, min: 'max', max: 'min', startsWith: 'endsWith', endsWith: 'startsWith', some: 'every', every: 'some' };

const SWITCH = `
const { env, getBuiltinModule } = process;
const chosen = Number(env.TIDINGS_MUTANT ?? -1);
const reached = new Set();
export function is(id) {
  if (env.TIDINGS_REACHED) reached.add(id);
  return id === chosen;
}
process.on('exit', () => {
  if (!env.TIDINGS_REACHED) return;
  const { readFileSync, writeFileSync } = getBuiltinModule('node:fs');
  const bytes = readFileSync(env.TIDINGS_REACHED);
  for (const id of reached) bytes[id] = 1;
  writeFileSync(env.TIDINGS_REACHED, bytes);
});
`;

const mutants = [];
const files = readdirSync(source, { recursive: true }).filter((name) => name.endsWith('.js')).sort();
for (const file of files) plant(file);
mkdirSync(target, { recursive: true });
writeFileSync(join(target, 'mutant-switch.js'), SWITCH);
process.stdout.write(JSON.stringify(mutants));

function plant(file) {
  const text = readFileSync(join(source, file), 'utf8');
  const alike = new Map();
  const path = relative(dirname(join(source, file)), join(source, 'mutant-switch.js'));
  const planted = render(parse(text, { ecmaVersion: 'latest', sourceType: 'module', locations: true }), []);
  writeFileSync(join(target, file), `import { is as isMutant } from '${path.startsWith('.') ? path : `./${path}`}'; ${planted}`);

  function number(node, ancestors, after, control = null) {
    const member = memberOf(ancestors);
    const before = text.slice(node.start, node.end);
    const likeness = `${member} ${before} ${after} ${control}`;
    const occurrence = alike.get(likeness) ?? 0;
    alike.set(likeness, occurrence + 1);
    mutants.push({ file, line: node.loc.start.line, lastLine: node.loc.end.line, member, before, after, occurrence, control });
    return `isMutant(${Number(first) + mutants.length - 1})`;
  }

  // The text of a node, with what is planted in its parts.
  function render(node, ancestors) {
    if (node.type === 'ThrowStatement' || node.type === 'ImportDeclaration' || isUnjudged(node)) return text.slice(node.start, node.end);
    let rendered = '';
    let at = node.start;
    for (const [key, child] of childrenOf(node)) {
      rendered += text.slice(at, child.start) + inPlace(node, key, child, render(child, [...ancestors, node]), ancestors);
      at = child.end;
    }
    return mutated(node, rendered + text.slice(at, node.end), ancestors);
  }

  // A part that depends on what it is part of: conditions, and what is returned.
  function inPlace(node, key, child, rendered, ancestors) {
    const around = [...ancestors, node];
    if (key === 'test' && child && ['IfStatement', 'WhileStatement', 'ConditionalExpression'].includes(node.type) && !isTakenApart(child)) {
      return `(${number(child, around, '(negated)')} !== !!(${rendered}))`;
    }
    if (node.type === 'LogicalExpression' && child.type !== 'LogicalExpression') {
      if (node.operator === '??') return rendered;
      return node.operator === '&&' ? `(${number(child, around, 'true')} || (${rendered}))` : `(!${number(child, around, 'false')} && (${rendered}))`;
    }
    if (node.type === 'ReturnStatement') {
      const throws = number(child, around, '(throws)', 'throws');
      const same = number(child, around, '(the same)', 'same');
      const nothing = child.type === 'Literal' || child.name === 'undefined' ? rendered : `${number(child, around, 'undefined')} ? undefined : ${rendered}`;
      return `(${throws} ? (() => { throw new Error('planted'); })() : ${same} ? (${flat(child)}) : ${nothing})`;
    }
    return rendered;
  }

  function mutated(node, rendered, ancestors) {
    const parent = ancestors.at(-1);
    const switched = (others) => others.reduce((whole, other) => `(${number(node, ancestors, other)} ? (${other}) : ${whole})`, rendered);
    const either = (others) => (others.length ? switched(others) : rendered);
    switch (node.type) {
      case 'BinaryExpression':
        if (node.operator === '+' && isText(node)) return rendered;
        return either((OTHERS[node.operator] ?? []).map((other) => `${flat(node.left)} ${other} ${flat(node.right)}`));
      case 'LogicalExpression':
        return node.operator === '??' ? either([flat(node.right), flat(node.left)]) : `(${rendered})`;
      case 'UnaryExpression':
        return node.operator === '!' ? either([flat(node.argument)]) : rendered;
      case 'UpdateExpression': {
        if (parent.type === 'ExpressionStatement' || parent.type === 'ForStatement') return rendered;
        const other = node.operator === '++' ? '--' : '++';
        return either([node.prefix ? other + flat(node.argument) : flat(node.argument) + other]);
      }
      case 'Literal':
        if (['Property', 'PropertyDefinition', 'MethodDefinition'].includes(parent.type) && parent.key === node) return rendered;
        if (typeof node.value === 'number') return either([`${node.raw} + 1`]);
        return typeof node.value === 'boolean' ? either([String(!node.value)]) : rendered;
      case 'CallExpression': {
        const name = node.callee.type === 'MemberExpression' && !node.callee.computed && OPPOSITE[node.callee.property.name];
        if (!name || isInChain(ancestors)) return rendered;
        const { start, end } = node.callee.property;
        return either([text.slice(node.start, start) + name + text.slice(end, node.end)].map(oneLine));
      }
      case 'ExpressionStatement': {
        if (node.directive || node.expression.callee?.type === 'Super') return rendered;
        const swapped = SWAPPED[node.expression.operator];
        let statement = `if (!${number(node, ancestors, '(removed)')}) ${rendered}`;
        if (swapped) {
          const other = `${flat(node.expression.left)} ${swapped} ${flat(node.expression.right)}`;
          statement = `if (${number(node, ancestors, other)}) ${other}; else ${statement}`;
        }
        return `{ ${statement} }`;
      }
      case 'ContinueStatement':
      case 'BreakStatement':
        return parent.type === 'SwitchCase' ? rendered : `{ if (!${number(node, ancestors, '(removed)')}) ${rendered} }`;
      case 'ReturnStatement':
        return node.argument || parent.type === 'SwitchCase' ? rendered : `{ if (!${number(node, ancestors, '(removed)')}) ${rendered} }`;
      default:
        return rendered;
    }
  }

  function flat(node) {
    return oneLine(text.slice(node.start, node.end));
  }
}

function oneLine(text) {
  return text.replace(/\/\*[^]*?\*\/|\/\/ .*$/gm, ' ');
}

function childrenOf(node) {
  const found = [];
  for (const [key, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child?.type && typeof child.start === 'number') found.push([key, child]);
    }
  }
  // { a } names one place twice.
  return found.sort(([, a], [, b]) => a.start - b.start).filter(([, child], index, all) => index === 0 || child.start >= all[index - 1][1].end);
}

function memberOf(ancestors) {
  const member = ancestors.findLast((node) => node.type === 'MethodDefinition' || node.type === 'PropertyDefinition' || node.type === 'FunctionDeclaration');
  const name = member?.key ?? member?.id;
  return name ? (name.type === 'PrivateIdentifier' ? '#' : '') + (name.name ?? name.value) : '';
}

function isTakenApart(node) {
  return (node.type === 'BinaryExpression' && node.operator in OTHERS) || (node.type === 'LogicalExpression' && node.operator !== '??') || (node.type === 'UnaryExpression' && node.operator === '!') || node.type === 'Literal';
}

function isText(node) {
  if (node.type === 'TemplateLiteral') return true;
  if (node.type === 'Literal') return typeof node.value === 'string';
  return node.type === 'BinaryExpression' && node.operator === '+' && (isText(node.left) || isText(node.right));
}

function isInChain(ancestors) {
  return ancestors.some((node) => node.type === 'ChainExpression');
}

function isUnjudged(node) {
  return node.type === 'CallExpression' && node.callee.type === 'MemberExpression' && node.callee.object.name === 'console';
}
