using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Resources;

namespace Tidings.EntityFrameworkCore.Contexts;

/// <summary>One save of a context without tables, inside the gate: rows are read from the store before and after it, so that what is told is what is there.</summary>
internal sealed class MemorySave
{
    private readonly LiveContext _live;
    private readonly DbContext _context;
    private readonly Dictionary<(Resource Resource, object Key), object?[]?> _before = [];
    private List<(Resource Resource, object Key)> _rows = [];

    public MemorySave(LiveContext live, DbContext context)
    {
        (_live, _context) = (live, context);
        Collect();

        // SaveChanges looks for changes once more when all interceptors have had their turn.
        context.ChangeTracker.DetectedAllChanges += OnDetected;
    }

    /// <summary>What the store has changed.</summary>
    public List<OutboxEvent> ToEvents()
    {
        var events = new List<OutboxEvent>();
        foreach (var rows in _rows.GroupBy(static row => row.Resource))
        {
            var resource = rows.Key;
            var after = Read(resource, [.. rows.Select(static row => row.Key)]);
            foreach (var row in rows)
            {
                var (before, now) = (_before[row], after.GetValueOrDefault(row.Key));
                if (now is not null)
                {
                    events.Add(before is null ? resource.Events.Created(now) : resource.Events.Updated(before, now));
                }
                else if (before is not null)
                {
                    events.Add(resource.Events.Deleted(before));
                }
            }
        }

        return events;
    }

    /// <summary>The save has ended. The context may have, too.</summary>
    public void End()
    {
        try
        {
            _context.ChangeTracker.DetectedAllChanges -= OnDetected;
        }
        catch (ObjectDisposedException)
        {
            // Its tracker has ended with it.
        }
    }

    private void OnDetected(object? sender, DetectedChangesEventArgs e) => Collect();

    private void Collect()
    {
        _rows = [.. Change.Of(_live, _context).Select(static change => (change.Resource, change.Key)).Distinct()];
        foreach (var rows in _rows.Where(row => !_before.ContainsKey(row)).GroupBy(static row => row.Resource))
        {
            var stored = Read(rows.Key, [.. rows.Select(static row => row.Key)]);
            foreach (var row in rows)
            {
                _before[row] = stored.GetValueOrDefault(row.Key);
            }
        }
    }

    private Dictionary<object, object?[]> Read(Resource resource, List<object> keys)
    {
        var reading = resource.ReadAsync(_context, keys, forUpdate: false, async: false, CancellationToken.None);
        System.Diagnostics.Debug.Assert(reading.IsCompleted);
#pragma warning disable VSTHRD002 // It has completed: nothing is waited for.
        return reading.GetAwaiter().GetResult().ToDictionary(row => row[resource.KeyIndex]!);
#pragma warning restore VSTHRD002
    }
}
