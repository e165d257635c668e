using Tidings.Fuzz;

namespace Tidings.Protocol.Tests;

/// <summary>A short run of each fuzz target, so that none rots; <c>tests/Tidings.Fuzz</c> runs them for longer.</summary>
public class FuzzTargetTests
{
    private const int Rounds = 20_000;

    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Every_input_is_accepted_or_refused_within_bounds(string name)
    {
        var target = FuzzTarget.All.Single(target => target.Name == name);
        var corpus = Corpus.Load(target);
        var report = new Fuzzer(target, Environment.TickCount).Run(corpus, Rounds, TimeSpan.FromSeconds(20));
        Assert.True(report.Rounds >= corpus.Count);
        Assert.True(report.Kept > 20, "mutations find new ways");
        Assert.True(report.Outcomes.Count > 1, "some inputs are accepted and some refused");
    }

    [Fact]
    public void A_seed_gives_the_same_inputs_again()
    {
        var target = FuzzTarget.All[0];
        var reports = Enumerable.Range(0, 2).Select(_ => new Fuzzer(target, 7).Run(Corpus.Load(target), 2000, TimeSpan.FromMinutes(1))).ToArray();
        Assert.Equal(reports[0].Outcomes.OrderBy(outcome => outcome.Key), reports[1].Outcomes.OrderBy(outcome => outcome.Key));
        Assert.Equal(reports[0].Kept, reports[1].Kept);
    }

    [Theory]
    [InlineData("throws", "InvalidOperationException")]
    [InlineData("allocates", "allocated")]
    [InlineData("hangs", "still running")]
    public void A_target_that_breaks_its_promise_is_found_with_seed_and_input(string fault, string expected)
    {
        var found = Assert.Throws<FuzzException>(() =>
            new Fuzzer(new Broken(fault), 42) { HangLimit = TimeSpan.FromMilliseconds(200) }.Run([[0], [0xBA, 0xD0]], 100, TimeSpan.FromMinutes(1)));
        Assert.Contains(expected, found.Message);
        Assert.Contains("seed 42", found.Message);
        Assert.Contains("BAD0", found.Message);
    }

    private sealed class Broken(string fault) : FuzzTarget
    {
        private readonly System.Diagnostics.Stopwatch _clock = new();

        public override string Name => "broken";

        public override Outcome Run(ReadOnlySpan<byte> input)
        {
            if (input[0] != 0xBA)
            {
                return new Outcome("accepted", 0);
            }

            switch (fault)
            {
                case "throws":
                    throw new InvalidOperationException("as it must");
                case "allocates":
                    return new Outcome("accepted", (ulong)new byte[AllocationBound].Length);
                default:
                    // Long enough to be found, and ends for the sake of the other tests.
                    for (_clock.Start(); _clock.Elapsed < TimeSpan.FromSeconds(2);)
                    {
                    }

                    return default;
            }
        }
    }
}
