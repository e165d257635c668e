using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidings.AspNetCore.Listening;
using Tidings.AspNetCore.Services;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Hosting;

/// <summary>Drains when the host stops: before the web server does, which knows nothing of the connections it has let go.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source of cancellation without a timer has nothing to free, and a signal may come at any time.")]
internal sealed partial class TidingsLifetime(Edge tidings, IServiceProvider services, ILogger<TidingsLifetime> log) : IHostedLifecycleService
{
    // A connection has five seconds to answer its close frame.
    private static readonly TimeSpan LongestClose = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ShortestClose = TimeSpan.FromSeconds(1);

    private const string RequestDiagnostics = "Microsoft.AspNetCore.Hosting.Diagnostics";

    private readonly CancellationTokenSource _hurry = new();

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        tidings.Node.Registry.BeginDraining();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Hurry());
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Hurry());
        using var hurry = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _hurry.Token);
        var ending = EndTasksAsync(hurry.Token);
        if (tidings.Node.DrainSpan > TimeSpan.Zero)
        {
            await tidings.Node.Drain.RunOnce().WaitAsync(tidings.Node.DrainSpan + LongestClose, tidings.Node.Time, hurry.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Where nothing is drained, what tasks say last reaches those who watch them.
        await ending;
        await (hurry.IsCancellationRequested ? CloseAsync(ShortestClose, CancellationToken.None) : CloseAsync(LongestClose, cancellationToken));
    }

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        TypesOutput.WriteWhereAsked(tidings);
        return Task.CompletedTask;
    }

    // Before the listener opens: who is taken in finds what nodes share, where that can be reached.
    public Task StartAsync(CancellationToken cancellationToken) => tidings.Node.StartAsync(cancellationToken);

    /// <exception cref="OptionsValidationException">Lanes were asked for by name and no address is served by them.</exception>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (tidings.Node.Options.Pump == PumpKind.Lanes && services.GetService<LaneTransportFactory>() is not { IsInUse: true })
        {
            throw new OptionsValidationException("Tidings", typeof(TidingsOptions),
                ["Tidings:Pump is \"Lanes\"; lanes need Linux and a host that called UseTidings. It must be auto or streams here."]);
        }

        WarnOfQueryTokens();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Asked a second time: the operator does not want to wait.
    private void Hurry()
    {
        LogHurry(tidings.Node.Registry.Count);
        _hurry.Cancel();
    }

    private async Task EndTasksAsync(CancellationToken hurry)
    {
        using var bound = new CancellationTokenSource(tidings.Node.Options.Drain ?? DrainDefaults.Span, tidings.Node.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, hurry);
        await tidings.Node.StopTasksAsync(either.Token);
    }

    private async Task CloseAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(longest);
        if (tidings.Node.Registry.Count is var count and > 0)
        {
            LogClosing(count);
        }

        try
        {
            await tidings.Node.Registry.CloseAllAsync(DisconnectCode.ShuttingDown, bound.Token);
        }
        catch (OperationCanceledException)
        {
            LogLeftBehind(tidings.Node.Registry.Count);
        }
    }

    // Before any code of ours runs the framework logs each request with its query string.
    private void WarnOfQueryTokens()
    {
        if (tidings.Authentication.TakesTokens && services.GetRequiredService<ILoggerFactory>().CreateLogger(RequestDiagnostics).IsEnabled(LogLevel.Information))
        {
            LogQueryTokens(RequestDiagnostics);
        }
    }

    [LoggerMessage(302, LogLevel.Warning, "Tokens are accepted in query strings (?token=), and {Category} logs query strings at Information. Set Logging:LogLevel:{Category} to Warning")]
    private partial void LogQueryTokens(string category);

    [LoggerMessage(300, LogLevel.Information, "Stopping: closing {Count} connections")]
    private partial void LogClosing(int count);

    [LoggerMessage(305, LogLevel.Warning, "Asked to stop a second time: the drain ends now with {Count} connections left")]
    private partial void LogHurry(int count);

    [LoggerMessage(301, LogLevel.Warning, "{Count} connections did not close in time and were cut off")]
    private partial void LogLeftBehind(int count);
}
