using System.Globalization;
using Tidings.Faults.Journals;
using Tidings.Protocol;

namespace Tidings.Faults.Tests.SelfTest;

/// <summary>One channel's log as a right server keeps it, but for one defect.</summary>
internal sealed class SimulatedLog(string channel, Plant plant)
{
    private readonly Dictionary<string, StreamPosition> _keys = [];
    private List<string> _entries = [];
    private int _epoch = 1;
    private (string Name, long Offset)? _reserved;

    public string Channel => channel;
    public StreamPosition Top => new(Epoch, _entries.Count);

    public string Epoch => string.Create(CultureInfo.InvariantCulture, $"{channel}-{_epoch}");

    public string this[long offset] => _entries[(int)offset - 1];

    public StreamPosition Append(Publish publish)
    {
        if (publish.Key is { } key && _keys.TryGetValue(key, out var first))
        {
            if (!plant.Strikes(PlantedDefect.SecondEntry))
            {
                return first;
            }
        }

        if (plant.Strikes(PlantedDefect.EarlyAnswer))
        {
            return Top with { Offset = Top.Offset + 1 };
        }

        if (_reserved is null && plant.Strikes(PlantedDefect.InvertedOrder))
        {
            // Written far behind where it belongs, so that others that begin only now come to stand before it.
            _reserved = (publish.Name, Top.Offset + 30);
            return Top with { Offset = Top.Offset + 30 };
        }

        _entries.Add(publish.Name);
        var position = Top;
        if (_reserved is { } reserved && reserved.Offset == position.Offset + 1)
        {
            _entries.Add(reserved.Name);
        }

        if (publish.Key is not null)
        {
            _keys[publish.Key] = position;
        }

        return position;
    }

    /// <summary>The store is restarted, and may have lost its tail.</summary>
    public void Restart()
    {
        if (_entries.Count > 10 && plant.Strikes(PlantedDefect.ReusedOffset))
        {
            _entries.RemoveRange(_entries.Count - 3, 3);
            return;
        }

        _epoch++;
        _entries = [];
        _keys.Clear();
    }

    public FinalLog Read(RunJournal journal) => new(Top, _entries.ConvertAll(journal.ValueOf));
}
