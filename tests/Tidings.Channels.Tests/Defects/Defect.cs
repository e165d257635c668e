using Tidings.Brokers;
using Tidings.Faults.Checking;
using Tidings.Messages;

namespace Tidings.Channels.Tests.Defects;

/// <summary>A mistake that is planted around the engine, to see that the ledger finds it. The engine itself has no switch for it.</summary>
internal abstract class Defect(string name, params Anomaly[] signs)
{
    public string Name => name;

    /// <summary>What the ledger may call it: at least one of these must be found.</summary>
    public IReadOnlyList<Anomaly> Signs => signs;

    /// <summary>Whether it has happened at all.</summary>
    public bool Happened { get; protected set; }

    public virtual IMessageSink Sink(IMessageSink hub) => hub;

    public virtual IBroker Broker(IBroker broker) => broker;

    /// <summary>What a client gets in the place of what was sent to it.</summary>
    public virtual IEnumerable<string> Filter(string json) => [json];

    public override string ToString() => name;
}
