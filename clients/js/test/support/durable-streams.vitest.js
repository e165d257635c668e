// Has vitest run the suite where it is installed.
export default {
  test: { include: ['node_modules/@durable-streams/server-conformance-tests/dist/test-runner.js'], exclude: [], testTimeout: 30_000, watch: false },
};
