import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventParser } from '../src/transports/event-parser.js';

const STREAM = ':comment\r\nretry: 2000\n\nid: a\ndata: one\n\ndata:two\rdata:  lines\r\rdata\n\nevent: other\ndata: three\n\n: \r\n\r\ndata: cut';
const EVENTS = ['one', 'two\n lines', '', 'three'];

function parse(...pieces) {
  const events = [];
  const parser = new EventParser((data) => events.push(data));
  for (const piece of pieces) assert.ok(parser.push(piece));
  return events;
}

test('Events are read whatever pieces they come in', () => {
  assert.deepEqual(parse(STREAM), EVENTS);
  assert.deepEqual(parse(...STREAM), EVENTS);
  for (let at = 0; at <= STREAM.length; at++) assert.deepEqual(parse(STREAM.slice(0, at), '', STREAM.slice(at)), EVENTS, `cut at ${at}`);
});

test('An event that never ends is not kept without bound', () => {
  const parser = new EventParser(() => {});
  const piece = `data: ${'x'.repeat(1_048_576)}\n`;
  let pieces = 0;
  while (parser.push(piece)) assert.ok(++pieces < 20);
  assert.ok(pieces >= 15);
});
