using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tidings.Engine;
using Tidings.EntityFrameworkCore.Databases;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Publishing;
using Tidings.EntityFrameworkCore.Resources;

namespace Tidings.EntityFrameworkCore.Contexts;

/// <summary>What Tidings knows of one type of context in this process: its resources, what each context has pending, and the way of its events. Safe from any thread.</summary>
internal abstract class LiveContext(Type contextType, IServiceProvider services, TimeProvider time)
{
    private readonly ConditionalWeakTable<DbContext, PendingChanges> _pending = [];
    private ImmutableArray<ResourceDefinition> _definitions = [];

    public Type ContextType => contextType;

    /// <summary>Publishes what was committed.</summary>
    public EventPublisher Publisher { get; } = new(contextType.Name, services, time);

    public Node Node => Publisher.Node;

    public TimeProvider Time => time;

    /// <summary>How the application writes JSON.</summary>
    public JsonSerializerOptions Json => Node.Json;

    public bool HasResources => _definitions.Length > 0;

    public ImmutableArray<ResourceDefinition> Definitions => _definitions;

    /// <summary>Says that events were committed.</summary>
    public Signal Committed { get; } = new();

    /// <summary>The events of contexts that have no tables.</summary>
    public MemoryOutbox Memory => field ??= new MemoryOutbox(Publisher);

    public void Add(ResourceDefinition definition) => ImmutableInterlocked.Update(ref _definitions, static (list, added) => list.Add(added), definition);

    /// <summary>The resources that show entities of a type.</summary>
    public IEnumerable<Resource> ResourcesOf(DbContext context, Type entity) =>
        _definitions.Where(definition => definition.EntityType.IsAssignableFrom(entity)).Select(definition => definition.Build(context));

    /// <summary>What a context is about to commit, in its present lease where it comes from a pool. A context is used by one flow at a time; so is this.</summary>
    public PendingChanges PendingOf(DbContext context)
    {
        var lease = context.ContextId.Lease;
        if (_pending.TryGetValue(context, out var pending))
        {
            if (pending.Lease == lease)
            {
                return pending;
            }

            // A save that never ended.
            if (pending.MemorySave is { } save)
            {
                save.End();
                Memory.LeaveFor(context);
            }
        }

        pending = new PendingChanges(lease);
        _pending.AddOrUpdate(context, pending);
        return pending;
    }

    public ILogger Log => Publisher.Log;

    /// <summary>What is away of the database and the broker, as the log tells it.</summary>
    public OutboxOutages Outages => Publisher.Outages;

    /// <summary>Gives a context to <paramref name="use"/>, in a scope of its own.</summary>
    public abstract Task<T> UseAsync<T>(Func<DbContext, Task<T>> use);

    /// <summary>Says what is missing in the model, where something is.</summary>
    public static string? Fault(DbContext context) =>
        !context.Database.IsRelational() ? null
        : DatabaseProvider.Of(context) is not { } provider
            ? $"{context.GetType().Name} is on {context.Database.ProviderName}: Tidings' outbox is on PostgreSQL (Npgsql.EntityFrameworkCore.PostgreSQL) and SQLite (Microsoft.EntityFrameworkCore.Sqlite) alone so far, beside EF Core's in-memory provider."
        : provider.Fault(context) is { } fault ? fault
        : context.Model.FindEntityType(typeof(OutboxRow)) is null
            ? $"{context.GetType().Name} has no table for Tidings' outbox: call modelBuilder.AddTidingsOutbox() in its OnModelCreating, and migrate the database."
            : null;
}

/// <inheritdoc cref="LiveContext"/>
internal sealed class LiveContext<TContext>(IServiceProvider services, TimeProvider time) : LiveContext(typeof(TContext), services, time)
    where TContext : DbContext
{
    private readonly IServiceProvider _services = services;

    public override async Task<T> UseAsync<T>(Func<DbContext, Task<T>> use)
    {
        await using var scope = _services.CreateAsyncScope();
        if (scope.ServiceProvider.GetService<TContext>() is { } scoped)
        {
            return await use(scoped);
        }

        var factory = scope.ServiceProvider.GetService<IDbContextFactory<TContext>>()
            ?? throw new InvalidOperationException($"{typeof(TContext).Name} is not among the application's services: call AddDbContext<{typeof(TContext).Name}> or AddDbContextFactory<{typeof(TContext).Name}>.");
        await using var context = await factory.CreateDbContextAsync();
        return await use(context);
    }
}
