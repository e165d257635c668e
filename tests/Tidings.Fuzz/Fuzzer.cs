using System.Diagnostics;

namespace Tidings.Fuzz;

/// <summary>What a session of fuzzing saw.</summary>
internal sealed record FuzzReport(long Rounds, TimeSpan Took, IReadOnlyDictionary<string, long> Outcomes, int Kept, long MostAllocated);

/// <summary>An input on which a target broke its promise.</summary>
internal sealed class FuzzException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Runs a target on its corpus, then on mutations of it; the same seed gives the same inputs.</summary>
internal sealed class Fuzzer(FuzzTarget target, int seed)
{
    private const int MostKept = 1000;

    private readonly Dictionary<string, long> _outcomes = [];
    private readonly HashSet<ulong> _paths = [];
    private readonly List<byte[]> _pool = [];
    private byte[] _input = [];
    private long _round;
    private long _mostAllocated;
    private Exception? _failure;

    /// <summary>CPU time after which an input counts as one that hangs.</summary>
    public TimeSpan HangLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <exception cref="FuzzException">An input threw, hung, or allocated over the target's bound. The message has the seed and the input.</exception>
    public FuzzReport Run(IReadOnlyList<byte[]> corpus, long rounds, TimeSpan time)
    {
        var clock = Stopwatch.StartNew();
        var thread = new Thread(() => Loop(corpus, rounds, time, clock)) { IsBackground = true, Name = $"fuzz {target.Name}" };
        thread.Start();
        Watch(thread);
        return _failure is null
            ? new FuzzReport(_round, clock.Elapsed, _outcomes, _pool.Count - corpus.Count, _mostAllocated)
            : throw Describe(_failure.Message, _failure);
    }

    private void Loop(IReadOnlyList<byte[]> corpus, long rounds, TimeSpan time, Stopwatch clock)
    {
        try
        {
            // Once for what only a first run allocates.
            target.Run(corpus[0]);
            foreach (var input in corpus)
            {
                _pool.Add(input);
                Try(input);
            }

            var random = new Random(seed);
            var mutator = new Mutator(random, target.Dictionary, target.LongestInput);
            while (_round < rounds && clock.Elapsed < time)
            {
                var input = mutator.Mutate(_pool[random.Next(_pool.Count)], _pool[random.Next(_pool.Count)]);
                if (Try(input) && _pool.Count < corpus.Count + MostKept)
                {
                    _pool.Add(input);
                }
            }
        }
        catch (Exception failure)
        {
            _failure = failure;
        }
    }

    /// <returns>Whether the input went a new way.</returns>
    private bool Try(byte[] input)
    {
        Volatile.Write(ref _input, input);
        Volatile.Write(ref _round, _round + 1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var outcome = target.Run(input);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        _mostAllocated = Math.Max(_mostAllocated, allocated);
        if (allocated > target.AllocationBound)
        {
            throw new InvariantException($"allocated {allocated} bytes, over {target.AllocationBound}");
        }

        _outcomes[outcome.Name] = _outcomes.GetValueOrDefault(outcome.Name) + 1;
        return _paths.Add(outcome.Path);
    }

    private void Watch(Thread thread)
    {
        var process = Process.GetCurrentProcess();
        var round = -1L;
        var since = TimeSpan.Zero;
        while (!thread.Join(100))
        {
            process.Refresh();
            var now = process.TotalProcessorTime;
            if (Volatile.Read(ref _round) is var current && current != round)
            {
                (round, since) = (current, now);
            }
            else if (now - since > HangLimit)
            {
                throw Describe($"still running after {HangLimit.TotalSeconds} s of CPU");
            }
        }
    }

    private FuzzException Describe(string what, Exception? inner = null) =>
        new($"{target.Name}, seed {seed}, round {_round}: {inner?.GetType().Name} {what}\ninput {Convert.ToHexString(_input)}", inner);
}
