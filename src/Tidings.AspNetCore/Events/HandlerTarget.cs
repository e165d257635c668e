using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tidings.AspNetCore.Handlers;
using Tidings.Events;
using Tidings.Options;
using Tidings.Protocol;
using Tidings.Rules;

namespace Tidings.AspNetCore.Events;

/// <summary>A delegate of the application that is told of events, each in a scope of its own.</summary>
[RequiresUnreferencedCode(HandlerJson.Reflection)]
[RequiresDynamicCode(HandlerJson.Reflection)]
internal sealed class HandlerTarget(HandlerDelegate handler, IServiceScopeFactory scopes, TimeProvider time, TimeSpan limit) : IEventTarget
{
    private static readonly ChannelPeer Nobody = new("", null);

    // Each event has its own limit; this one is for what does not end by it.
    public TimeSpan LimitOf(int events) => (limit * events) + limit;

    /// <exception cref="ArgumentException">A type is none, or a pattern is malformed.</exception>
    public static EventFilter FilterOf(IReadOnlyList<string> types, IReadOnlyList<string> channels)
    {
        var options = new EventReceiverOptions();
        foreach (var type in types)
        {
            options.Types.Add(EventNames.Find(type) is null ? throw new ArgumentException($"\"{type}\" is no event; it must be one of {string.Join(", ", EventNames.All)}.", nameof(types)) : type);
        }

        foreach (var channel in channels)
        {
            options.Channels.Add(new ChannelPattern(channel).Text);
        }

        return EventFilter.Of(options);
    }

    public static EventReceiver ReceiverOf(int number, EventFilter filter, HandlerTarget target) =>
        new($"{EventEngine.HandlerId}{number}", $"handler {number}", filter, target);

    public async Task<DeliveryOutcome> DeliverAsync(IReadOnlyList<QueuedEvent> events, CancellationToken cancellationToken)
    {
        var failed = new List<int>();
        HashSet<string>? held = null;
        string? why = null;
        for (var i = 0; i < events.Count; i++)
        {
            // What comes after one that failed, of the same channel or user, waits with it.
            if (held?.Overlaps(events[i].Keys) != true)
            {
                if (await TellAsync(events[i], cancellationToken) is not { } fault)
                {
                    continue;
                }

                why = fault;
            }

            (held ??= new HashSet<string>(StringComparer.Ordinal)).UnionWith(events[i].Keys);
            failed.Add(i);
        }

        return failed.Count == 0 ? DeliveryOutcome.Delivered : new DeliveryOutcome(DeliveryResult.Refused, why) { Failed = failed };
    }

    private async Task<string?> TellAsync(QueuedEvent one, CancellationToken cancellationToken)
    {
        using var bound = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellationToken);
        try
        {
            await TellInScopeAsync(one, either.Token).WaitAsync(limit, time, cancellationToken);
            return null;
        }
        catch (Exception) when (bound.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return $"it took longer than {limit.TotalSeconds:0.###} s (Tidings:HandlerTimeout)";
        }
        catch (TimeoutException)
        {
            return $"it took longer than {limit.TotalSeconds:0.###} s (Tidings:HandlerTimeout)";
        }
#pragma warning disable CA1031 // Whatever the application's code throws, the event is told again.
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            var cause = error is TargetInvocationException { InnerException: { } inner } ? inner : error;
            return $"{cause.GetType().Name}: {cause.Message}";
        }
    }

    private async Task TellInScopeAsync(QueuedEvent one, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await handler.InvokeAsync(new HandlerInvocation(Nobody, "", default, scope.ServiceProvider, cancellationToken) { Event = Read(one) });
    }

    private static ServerEvent Read(QueuedEvent one)
    {
        using var json = one.Parse();
        var root = json.RootElement;
        return new ServerEvent
        {
            Id = one.Id,
            Type = root.GetProperty("type"u8).GetString()!,
            Time = DateTimeOffset.FromUnixTimeMilliseconds(one.Time),
            Channel = Text(root, "channel"),
            User = Text(root, "user"),
            Connection = Text(root, "connection"),
            Data = root.TryGetProperty("data"u8, out var data) ? data.Clone() : default,
        };
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? value.GetString() : null;
}
