using System.Diagnostics.Metrics;
using Tidings.Brokers;
using Tidings.Channels;
using Tidings.Diagnostics;
using Tidings.Lanes;

namespace Tidings.Engine;

/// <summary>What a node as a whole shows under the meter <c>Tidings</c>: read from its lanes and its hub when somebody asks, so that it costs nothing before.</summary>
internal static class EngineMetrics
{
    /// <param name="meters">Where meters come from.</param>
    /// <param name="lanes">The node's lanes.</param>
    /// <param name="hub">The node's channels.</param>
    /// <param name="histories">What logs in memory take.</param>
    /// <param name="isAvailable">Whether the broker can be reached.</param>
    /// <param name="isDraining">Whether the node sends everybody away.</param>
    public static void Create(IMeterFactory meters, LaneSet lanes, Hub hub, HistoryBudget histories, Func<bool> isAvailable, Func<bool> isDraining)
    {
        var meter = meters.Create(TidingsMeter.Name);
        meter.CreateObservableGauge("tidings.channels", () => (long)hub.Channels, "{channel}", "Channels with a listener on this node, those for presence included.");
        meter.CreateObservableGauge("tidings.subscriptions", () => hub.Subscriptions, "{subscription}", "Subscriptions on this node.");
        Count("tidings.messages.received", "{message}", "Messages received from connections, those that were refused included.", static traffic => traffic.MessagesReceived);
        Count("tidings.messages.sent", "{message}", "Messages handed to connections, counted for each that got them.", static traffic => traffic.MessagesSent);
        Count("tidings.bytes.received", "By", "Bytes received from WebSocket connections.", static traffic => traffic.BytesReceived);
        Count("tidings.bytes.sent", "By", "Bytes written to connections.", static traffic => traffic.BytesSent);
        meter.CreateObservableGauge("tidings.queue.bytes", () => lanes.All.Sum(static lane => lane.QueuedBytes), "By", "Bytes that wait in the queues of all connections.");
        meter.CreateObservableGauge("tidings.broker.available", () => isAvailable() ? 1 : 0, description: "1 while the broker can be reached.");
        meter.CreateObservableGauge("tidings.draining", () => isDraining() ? 1 : 0, description: "1 while the node sends everybody away, and takes nobody in.");
        lanes.Measure(meter.CreateHistogram(
            "tidings.delivery.duration", "s", "From a message's arrival at this node's broker to its writing, once for each lane that has subscribers.", tags: null, TidingsMeter.Seconds));

        meter.CreateObservableGauge("tidings.history.bytes", () => histories.Used, "By", "Bytes that the logs of all channels take in this node's memory.");
        meter.CreateObservableCounter("tidings.history.evicted", () => histories.Evicted, "{message}", "Messages that went before their time because all logs together took more than HistoryBytes.");

        void Count(string name, string unit, string description, Func<LaneTraffic, long> of) =>
            meter.CreateObservableCounter(name, () => lanes.All.Sum(lane => of(lane.Traffic)), unit, description);
    }
}
