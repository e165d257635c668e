using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Tidings.AspNetCore.Hosting;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.EntityFrameworkCore.Capture;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Resources;

namespace Tidings.EntityFrameworkCore.Contexts;

/// <summary>What Tidings knows of one type of context in this process: its resources, and the way of its events. Safe from any thread.</summary>
internal abstract class LiveContext(Type contextType, IServiceProvider services, TimeProvider time)
{
    private static readonly TimeSpan IdempotencyWindow = TimeSpan.FromDays(1);

    private readonly ConditionalWeakTable<DbContext, PendingChanges> _pending = [];
    private ImmutableArray<ResourceDefinition> _definitions = [];

    public Type ContextType => contextType;

    public TidingsServices Tidings => field ??= services.GetTidings();

    public TimeProvider Time => time;

    /// <summary>How the application writes JSON.</summary>
    public JsonSerializerOptions Json => field ??= services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;

    public ChangeCapture Capture => field ??= new ChangeCapture(this);

    public TransactionCapture Transactions => field ??= new TransactionCapture(this, Capture);

    public CommandCapture Commands => field ??= new CommandCapture(this);

    public bool HasResources => _definitions.Length > 0;

    public ImmutableArray<ResourceDefinition> Definitions => _definitions;

    /// <summary>Says that events were committed.</summary>
    public Signal Committed { get; } = new();

    /// <summary>The events of contexts that have no tables.</summary>
    public MemoryOutbox Memory => field ??= new MemoryOutbox(this);

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

    public ILogger Log => field ??= services.GetRequiredService<ILoggerFactory>().CreateLogger("Tidings.Outbox");

    /// <summary>What is away of the database and the broker, as the log tells it.</summary>
    public OutboxOutages Outages => field ??= new OutboxOutages(contextType.Name, time, Log);

    /// <summary>Publishes an event that has been committed.</summary>
    /// <param name="e">The event.</param>
    /// <param name="transaction">Its transaction, or 0.</param>
    /// <param name="row">Its row in the outbox.</param>
    /// <param name="idempotencyKey">By which a repeat is known, for a day: the database may be away between publishing and deleting.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async ValueTask PublishAsync(OutboxEvent e, long transaction, long row, string idempotencyKey, CancellationToken cancellationToken) =>
        await Tidings.Broker.PublishAsync(
            new Publication(e.Channel, new MessageData(DataKind.Json, e.Data))
            {
                Key = e.Key,
                IdempotencyKey = idempotencyKey,
                IdempotencyWindow = IdempotencyWindow,
                Hidden = e.Hidden is null ? null : RowEvent.Seal(transaction, row, e.Hidden),
                Retention = Tidings.Kinds.Find(e.Channel).Retention,
            },
            cancellationToken);

    /// <summary>Gives a context to <paramref name="use"/>, in a scope of its own.</summary>
    public abstract Task<T> UseAsync<T>(Func<DbContext, Task<T>> use);

    /// <summary>The one that a context belongs to.</summary>
    /// <exception cref="InvalidOperationException">The context was not made known to Tidings.</exception>
    public static LiveContext Of(DbContext context) =>
        context.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.Interceptors?.OfType<ChangeCapture>().FirstOrDefault()?.Live
        ?? throw new InvalidOperationException($"Tidings does not know {context.GetType().Name}: call builder.Services.AddTidings().AddDbContext<{context.GetType().Name}>() before builder.Build().");

    /// <summary>The table of a context's outbox, or null where it has none.</summary>
    public static OutboxTable? TableOf(DbContext context) =>
        context.Database.IsRelational() && context.Model.FindEntityType(typeof(OutboxRow)) is { } type ? OutboxTable.Of(context, type) : null;

    /// <summary>Says what is missing in the model, where something is.</summary>
    public static string? Fault(DbContext context) =>
        !context.Database.IsRelational() ? null
        : !context.Database.IsNpgsql() ? $"{context.GetType().Name} is on {context.Database.ProviderName}: Tidings' outbox is on PostgreSQL alone so far (Npgsql.EntityFrameworkCore.PostgreSQL), beside EF Core's in-memory provider."
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
