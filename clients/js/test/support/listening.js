/** What a subscription has heard so far. @param {import('../../src/index.js').Subscription} subscription */
export function listen(subscription) {
  const heard = { data: [], offsets: [], gaps: [], recovered: [] };
  subscription.on('message', ({ offset, data }) => {
    heard.data.push(data);
    heard.offsets.push(offset);
  });
  subscription.on('gap', (gap) => heard.gaps.push(gap));
  subscription.on('subscribed', ({ recovered }) => heard.recovered.push(recovered));
  return heard;
}

export const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
