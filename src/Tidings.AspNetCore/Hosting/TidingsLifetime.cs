using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidings.AspNetCore.Transport;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Hosting;

/// <summary>Ends all connections when the host stops: before the web server does, which knows nothing of those it has let go.</summary>
internal sealed partial class TidingsLifetime(TidingsServices tidings, IServiceProvider services, ILogger<TidingsLifetime> log) : IHostedLifecycleService
{
    private const string RequestDiagnostics = "Microsoft.AspNetCore.Hosting.Diagnostics";

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(tidings.Options.Drain);

        // Before those who watch them go.
        await tidings.StopTasksAsync(bound.Token);
        var count = tidings.Registry.Count;
        if (count > 0)
        {
            LogClosing(count);
        }

        try
        {
            await tidings.Registry.CloseAllAsync(DisconnectCode.ShuttingDown, bound.Token);
        }
        catch (OperationCanceledException)
        {
            LogLeftBehind(tidings.Registry.Count);
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Before the listener opens: who is taken in finds what nodes share, where that can be reached.
    public Task StartAsync(CancellationToken cancellationToken) => tidings.Backplane.StartAsync(cancellationToken);

    /// <exception cref="OptionsValidationException">Lanes were asked for by name and no address is served by them.</exception>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (tidings.Options.Pump == PumpKind.Lanes && services.GetService<LaneTransportFactory>() is not { IsInUse: true })
        {
            throw new OptionsValidationException("Tidings", typeof(TidingsOptions),
                ["Tidings:Pump is \"Lanes\"; lanes need Linux and a host that called UseTidings. It must be auto or streams here."]);
        }

        WarnOfQueryTokens();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

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

    [LoggerMessage(300, LogLevel.Information, "Stopping: {Count} connections are told and closed")]
    private partial void LogClosing(int count);

    [LoggerMessage(301, LogLevel.Warning, "{Count} connections did not go within the drain time and are cut off")]
    private partial void LogLeftBehind(int count);
}
