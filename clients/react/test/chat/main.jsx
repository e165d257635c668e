// useChat of @ai-sdk/react as it is, against samples/Model: asks, is reloaded in the middle, and resumes.
import { useChat } from '@ai-sdk/react';
import { useEffect } from 'react';
import { createRoot } from 'react-dom/client';

const known = JSON.parse(sessionStorage.messages ?? '[]');
const comesBack = known.length > 0;
const report = (seen) => fetch('/report', { method: 'POST', body: JSON.stringify(seen) });
const textOf = (message) => message?.parts.filter(({ type }) => type === 'text').map(({ text }) => text).join('') ?? '';

/** @type {ReturnType<typeof useChat>} */
let chat;
function Chat() {
  chat = useChat({ id: 'chat-of-the-test', messages: known, resume: comesBack });
  return <ol>{chat.messages.map((message) => <li key={message.id}>{message.role}: {textOf(message)}</li>)}</ol>;
}

const until = async (holds) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
};
const answer = () => textOf(chat.messages.filter(({ role }) => role === 'assistant').at(-1));

function Play() {
  useEffect(() => { setTimeout(() => play().catch((error) => report({ error: String(error) }))); }, []);
  return null;
}

let played = false;
async function play() {
  if (played) return;
  played = true;
  if (!comesBack) {
    chat.sendMessage({ text: 'why?' });
    await until(() => answer().length > 60);

    // As an application keeps them: what was asked. The answer is the run's.
    sessionStorage.messages = JSON.stringify(chat.messages.filter(({ role }) => role === 'user'));
    sessionStorage.before = answer();
    location.reload();
    return;
  }
  await until(() => answer() && chat.status === 'ready');
  const whole = answer();
  chat.sendMessage({ text: 'and why?' });
  await until(() => chat.messages.length === 4 && answer().length > 60);
  const stopped = await fetch('/api/chat/chat-of-the-test/stream', { method: 'DELETE' });
  await until(() => chat.status !== 'streaming');
  await report({
    before: sessionStorage.before, whole, roles: chat.messages.map(({ role }) => role), shown: document.querySelector('ol').textContent.includes(whole.trim()),
    stopped: [stopped.status, chat.status, answer()], error: chat.error?.message ?? null,
  });
}

createRoot(document.getElementById('root')).render(<><Chat /><Play /></>);
