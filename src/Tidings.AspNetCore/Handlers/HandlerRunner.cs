using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Tidings.Diagnostics;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.AspNetCore.Handlers;

/// <summary>Runs handlers: on the thread pool, each in a scope of its own, within a time. Connections wait for their own handlers alone.</summary>
internal sealed class HandlerRunner(IServiceScopeFactory scopes, TimeProvider time, TimeSpan limit)
{
    public static readonly HandlerVerdict TimedOut = HandlerVerdict.Refuse(ErrorCode.Timeout, "Timed out");

    /// <summary>Runs a handler and has <paramref name="judge"/> make a verdict of what it returned.</summary>
    /// <remarks>A handler that goes on past its time is no longer waited for; its scope ends when it does.</remarks>
    [RequiresUnreferencedCode(HandlerJson.Reflection)]
    [RequiresDynamicCode(HandlerJson.Reflection)]
    public ValueTask<HandlerVerdict> RunAsync(
        HandlerDelegate handler, ChannelPeer peer, string channel, ReadOnlyMemory<byte> data, Func<object?, HandlerVerdict> judge) =>
        RunAsync(async (services, cancellationToken) => judge(await handler.InvokeAsync(new HandlerInvocation(peer, channel, data, services, cancellationToken))));

    /// <summary>The same of a handler of messages.</summary>
    [RequiresUnreferencedCode(HandlerJson.Reflection)]
    [RequiresDynamicCode(HandlerJson.Reflection)]
    public ValueTask<HandlerVerdict> RunAsync(HandlerDelegate handler, ChannelPeer peer, PublishRequest request, Func<object?, HandlerVerdict> judge) =>
        RunAsync(async (services, cancellationToken) =>
            judge(await handler.InvokeAsync(new HandlerInvocation(peer, request.Channel, request.Data, services, cancellationToken) { Request = request })));

    /// <summary>The same for code of ours that asks services of the application.</summary>
    public async ValueTask<HandlerVerdict> RunAsync(Func<IServiceProvider, CancellationToken, Task<HandlerVerdict>> ask)
    {
        // The caller is on a lane, where no code of the application runs.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var running = RunInScopeAsync(ask);
        try
        {
            return await running.WaitAsync(limit, time);
        }
        catch (TimeoutException) when (!running.IsCompleted)
        {
            _ = running.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return TimedOut;
        }
    }

    private async Task<HandlerVerdict> RunInScopeAsync(Func<IServiceProvider, CancellationToken, Task<HandlerVerdict>> ask)
    {
        using var span = Tracing.Source.StartActivity("handler");
        using var bound = new CancellationTokenSource(limit, time);
        await using var scope = scopes.CreateAsyncScope();
        try
        {
            return await ask(scope.ServiceProvider, bound.Token);
        }
        catch (BindingException error)
        {
            return HandlerVerdict.Refuse(ErrorCode.BadRequest, "Invalid message format") with { Details = error.Faults };
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested)
        {
            return TimedOut;
        }
    }
}
