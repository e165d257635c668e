using BenchmarkDotNet.Running;
using Tidings.Bench.Micro;

BenchmarkRunner.Run<Benchmarks>(args: args);
