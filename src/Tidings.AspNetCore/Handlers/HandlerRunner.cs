using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Tidings.Channels;
using Tidings.Protocol;

namespace Tidings.AspNetCore.Handlers;

/// <summary>Runs handlers: on the thread pool, each in a scope of its own, within a time. Connections wait for their own handlers alone.</summary>
internal sealed class HandlerRunner(IServiceScopeFactory scopes, TimeProvider time, TimeSpan limit)
{
    public static readonly HandlerVerdict TimedOut = HandlerVerdict.Refuse(ErrorCode.Timeout, "Timed out");

    /// <summary>Runs a handler and has <paramref name="judge"/> make a verdict of what it returned.</summary>
    /// <remarks>A handler that goes on past its time is no longer waited for; its scope ends when it does.</remarks>
    [RequiresUnreferencedCode(HandlerJson.Reflection)]
    [RequiresDynamicCode(HandlerJson.Reflection)]
    public async ValueTask<HandlerVerdict> RunAsync(
        HandlerDelegate handler, ChannelPeer peer, string channel, ReadOnlyMemory<byte> data, Func<object?, HandlerVerdict> judge)
    {
        // The caller is on a lane, where no code of the application runs.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var running = RunInScopeAsync(handler, peer, channel, data, judge);
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

    [RequiresUnreferencedCode(HandlerJson.Reflection)]
    [RequiresDynamicCode(HandlerJson.Reflection)]
    private async Task<HandlerVerdict> RunInScopeAsync(
        HandlerDelegate handler, ChannelPeer peer, string channel, ReadOnlyMemory<byte> data, Func<object?, HandlerVerdict> judge)
    {
        using var bound = new CancellationTokenSource(limit, time);
        await using var scope = scopes.CreateAsyncScope();
        try
        {
            return judge(await handler.InvokeAsync(new HandlerInvocation(peer, channel, data, scope.ServiceProvider, bound.Token)));
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
