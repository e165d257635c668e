using Microsoft.EntityFrameworkCore;
using Tidings.EntityFrameworkCore.Outbox;

namespace Tidings.EntityFrameworkCore.Contexts;

/// <summary>What one context, in one lease of its pool, is about to commit.</summary>
internal sealed class PendingChanges(int lease)
{
    private readonly List<(OutboxEvent Event, Guid? Transaction)> _events = [];

    // In the outbox of a transaction that has not ended yet.
    private readonly List<(OutboxEvent Event, Guid? Transaction)> _written = [];

    /// <summary>The lease of the pool that this belongs to: another one knows nothing of it.</summary>
    public int Lease => lease;

    /// <summary>Whether <c>SaveChanges</c> is running.</summary>
    public bool IsSaving { get; set; }

    /// <summary>Whether the changes of this attempt to save are collected.</summary>
    public bool HasCollected { get; set; }

    /// <summary>The save of a context without tables, while it holds the gate.</summary>
    public MemorySave? MemorySave { get; set; }

    /// <summary>What to set back when the save has ended.</summary>
    public AutoTransactionBehavior? Behavior { get; set; }

    /// <summary>What <c>SaveChanges</c> is changing in the tables.</summary>
    public List<Change> Changes { get; } = [];

    public bool HasEvents => _events.Count > 0;

    /// <summary>Adds an event. Inside a transaction it is said with that one, or never.</summary>
    public void Add(DbContext context, OutboxEvent e) => _events.Add((e, context.Database.CurrentTransaction?.TransactionId));

    /// <summary>A save begins.</summary>
    /// <param name="isInTransaction">Whether it is part of a transaction in which others may have written.</param>
    public void BeginSave(bool isInTransaction)
    {
        IsSaving = true;
        ForgetChanges();
        if (!isInTransaction)
        {
            _written.Clear();
        }
    }

    /// <summary>A transaction begins: the caller's, or another attempt of a save.</summary>
    public void BeginTransaction()
    {
        ForgetChanges();
        if (IsSaving)
        {
            Restore();
        }
        else
        {
            _written.Clear();
        }
    }

    /// <summary>The changes of this attempt to save were not saved.</summary>
    public void ForgetChanges()
    {
        HasCollected = false;
        Changes.Clear();
    }

    /// <summary>The events to write into the outbox of a transaction; null where there is none.</summary>
    public List<OutboxEvent> Take(Guid? transaction)
    {
        var events = Change.ToEvents(Changes);
        Changes.Clear();

        // Those of another transaction were rolled back with it: disposing one says nothing.
        var said = _events.Where(e => e.Transaction is null || e.Transaction == transaction).ToList();
        _events.Clear();
        _written.AddRange(said);
        events.AddRange(said.Select(static e => e.Event));
        return events;
    }

    /// <summary>The events that must be in the outbox before a savepoint, so that the database knows what a return to it takes back.</summary>
    public List<OutboxEvent> TakeBeforeSavepoint(Guid transaction)
    {
        var said = _events.Where(e => e.Transaction == transaction).ToList();
        _events.RemoveAll(e => e.Transaction == transaction);
        _written.AddRange(said);
        return [.. said.Select(static e => e.Event)];
    }

    /// <summary>What was written is committed.</summary>
    public void Committed() => _written.Clear();

    /// <summary>A transaction was rolled back: what it would have said is never said; what was said before it waits for the next one.</summary>
    public void RolledBack(Guid transaction)
    {
        Changes.Clear();
        Restore();
        _events.RemoveAll(e => e.Transaction == transaction);
    }

    /// <summary>A transaction went back to a savepoint: what was said since is never said.</summary>
    public void RolledBackToSavepoint(Guid transaction) => _events.RemoveAll(e => e.Transaction == transaction);

    private void Restore()
    {
        _events.InsertRange(0, _written);
        _written.Clear();
    }
}
