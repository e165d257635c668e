// No type is named here: all of them are what Program.cs declares.
import { Tidings } from 'tidings-client';

const tidings = new Tidings('/connect');

export async function run(id: string) {
  const lobby = tidings.subscribe('chat:lobby', { last: 20 });
  lobby.on('message', ({ data }) => console.log(new Date(data.at).toLocaleTimeString(), data.from ?? 'somebody', data.text.toUpperCase()));
  await lobby.publish({ text: 'Hello' });

  const prices = tidings.map('prices:oil');
  for (const [place, { bid, ask }] of prices) console.log(place, (ask - bid).toFixed(2));

  const sum = await tidings.call.sum(1, 2);
  const receipt = await tidings.call.order({ article: 'pen' });
  console.log(sum.toFixed(), receipt.number, receipt.state === 'Open');

  const report = await tidings.task<'report'>(id).result();
  console.log(report.pages.toFixed());
}
