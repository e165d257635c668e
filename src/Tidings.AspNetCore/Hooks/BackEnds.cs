using System.Collections.Concurrent;
using System.Net;
using Polly;
using Polly.CircuitBreaker;

namespace Tidings.AspNetCore.Hooks;

/// <summary>The application's back ends, as hooks and events call them: what is away is asked by one request now and then, and by no other. Safe from any thread.</summary>
internal sealed class BackEnds(TimeProvider time)
{
    /// <summary>What is said in the place of an answer while a back end is not asked.</summary>
    public const string NotAsked = "it did not answer lately, and is asked again in a moment";

    /// <summary>For how long it is not asked, at most.</summary>
    public static readonly TimeSpan LongestBreak = TimeSpan.FromSeconds(5);

    private const int LargestHeadersKB = 16;
    private const int MostDrained = 64 * 1024;

    // So few in a row, and nothing else in between.
    private const int Failures = 3;

    private static readonly TimeSpan Sampling = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstBreak = TimeSpan.FromSeconds(1);

    // By scheme, host and port: those of the configuration, and no others.
    private readonly ConcurrentDictionary<string, Circuit> _circuits = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes what requests are sent with: no redirect, proxy or cookie leads one, or what it bears, anywhere else.</summary>
    /// <param name="connect">How long connecting may take.</param>
    /// <param name="most">How many connections to one server.</param>
    public static HttpMessageInvoker CreateHttp(TimeSpan connect, int most) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = connect,
        MaxConnectionsPerServer = most,
        MaxResponseHeadersLength = LargestHeadersKB,
        MaxResponseDrainSize = MostDrained,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
    });

    /// <summary>Calls a back end, unless it is away.</summary>
    /// <param name="url">Where.</param>
    /// <param name="call">Calls it. That it is away is said by <see cref="HttpRequestException"/>, <see cref="IOException"/> or <see cref="TimeoutException"/>.</param>
    /// <param name="cancellationToken">Ends the waiting, which says nothing about the back end.</param>
    /// <exception cref="BrokenCircuitException">It was not asked.</exception>
    public ValueTask<T> CallAsync<T>(Uri url, Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken) =>
        _circuits.GetOrAdd(url.GetLeftPart(UriPartial.Authority), static (_, back) => back.CreateCircuit(), this).Pipeline.ExecuteAsync(call, cancellationToken);

    /// <summary>Has the next call ask it, also where it is away.</summary>
    public Task AskAgainAsync(Uri url) =>
        _circuits.TryGetValue(url.GetLeftPart(UriPartial.Authority), out var circuit) ? circuit.Control.CloseAsync() : Task.CompletedTask;

    private Circuit CreateCircuit()
    {
        var control = new CircuitBreakerManualControl();
        return new Circuit(CreatePipeline(control), control);
    }

    private ResiliencePipeline CreatePipeline(CircuitBreakerManualControl control) => new ResiliencePipelineBuilder { TimeProvider = time }
        .AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            ManualControl = control,
            FailureRatio = 1,
            MinimumThroughput = Failures,
            SamplingDuration = Sampling,
            BreakDurationGenerator = static state => ValueTask.FromResult(
                TimeSpan.FromTicks(Math.Min(LongestBreak.Ticks, FirstBreak.Ticks << Math.Min(state.HalfOpenAttempts, 10)))),
            ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>().Handle<IOException>().Handle<TimeoutException>(),
        })
        .Build();

    private sealed record Circuit(ResiliencePipeline Pipeline, CircuitBreakerManualControl Control);
}
