using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Tidings;
using Tidings.AspNetCore.Handlers;
using Tidings.AspNetCore.Services;
using Tidings.AspNetCore.Tasks;
using Tidings.Protocol;
using Tidings.Tasks;

namespace Microsoft.AspNetCore.Builder;

/// <summary>The routes of tasks, and which tasks this process does itself.</summary>
public sealed class TasksBuilder : IEndpointConventionBuilder
{
    private readonly IEndpointConventionBuilder _route;
    private readonly Edge _tidings;

    internal TasksBuilder(IEndpointConventionBuilder route, Edge tidings)
    {
        _route = route;
        _tidings = tidings;
    }

    /// <summary>Names a kind of tasks that this process does. Each waits in a bounded queue for its turn (<see cref="TaskOptions"/>).</summary>
    /// <remarks>
    /// The handler's parameters: what the task is given, from its JSON (one of a composed type is the whole, others are members by name); a
    /// <see cref="TaskProgress"/>; a <see cref="TaskOutput"/>; services, of a scope of this run's own; a <see cref="CancellationToken"/>, which fires when the task is cancelled, takes too
    /// long, or the process stops. What it returns is the result, as JSON. A <see cref="TaskFailedException"/> says in words why it failed; any
    /// other exception is logged, and those who watch read "Internal error".
    /// </remarks>
    /// <param name="name">Their name: 1 to 128 bytes of letters and digits and <c>_ . : - @</c>.</param>
    /// <param name="handler">Any delegate, asynchronous or not.</param>
    /// <exception cref="ArgumentException">There is such a kind already, the name cannot be one, or a parameter has no source.</exception>
    [RequiresUnreferencedCode(HandlerJson.Reflection)]
    [RequiresDynamicCode(HandlerJson.Reflection)]
    public TaskKindBuilder Map(string name, Delegate handler)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(handler);
        if (!ChannelName.IsValidRoom(name) || name.Length > TaskRules.LongestName)
        {
            throw new ArgumentException($"\"{name}\" cannot be the name of a kind of tasks.", nameof(name));
        }

        var bound = new HandlerDelegate(handler, pattern: null, HandlerData.Parameters, _tidings.Provider, _tidings.HandlerJson);
        _tidings.Contract.AddTask(name, bound);
        var body = new HandlerTask(name, bound, _tidings.HandlerJson, _tidings.Provider.GetRequiredService<IServiceScopeFactory>());
        return new TaskKindBuilder(_tidings.Node.Tasks.Starting, new TaskKind(name, body.RunAsync) { TimeLimit = _tidings.Node.Options.Tasks.TimeLimit });
    }

    /// <inheritdoc/>
    public void Add(Action<EndpointBuilder> convention) => _route.Add(convention);

    /// <inheritdoc/>
    public void Finally(Action<EndpointBuilder> finallyConvention) => _route.Finally(finallyConvention);
}

/// <summary>What holds for a kind of tasks. Each call takes effect for tasks that are started after it.</summary>
public sealed class TaskKindBuilder
{
    private readonly TaskStarting _starting;
    private TaskKind _kind;

    internal TaskKindBuilder(TaskStarting starting, TaskKind kind)
    {
        _starting = starting;
        _kind = kind;
        starting.Add(kind);
    }

    /// <summary>Clients that may watch such a task may cancel it. Without this call none may; the server's code and its API always may.</summary>
    /// <param name="access">Which of them.</param>
    public TaskKindBuilder AllowCancel(ChannelAccess access = ChannelAccess.Anyone) => Set(_kind with { Cancel = access });

    /// <summary>How long one may run before it is cancelled and failed. Without this call <see cref="TaskOptions.TimeLimit"/>.</summary>
    /// <param name="limit">From 10 ms to 30 d; zero is no limit.</param>
    public TaskKindBuilder WithTimeLimit(TimeSpan limit)
    {
        if (limit != TimeSpan.Zero)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(limit, TimeSpan.FromMilliseconds(10));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, TimeSpan.FromDays(30));
        }

        return Set(_kind with { TimeLimit = limit });
    }

    private TaskKindBuilder Set(TaskKind kind)
    {
        _kind = kind;
        _starting.Change(kind);
        return this;
    }
}
