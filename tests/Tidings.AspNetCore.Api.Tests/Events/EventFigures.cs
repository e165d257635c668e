using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tidings.Events;

namespace Tidings.AspNetCore.Api.Tests.Events;

/// <summary>What events cost, for people: <c>-explicit only -class '*EventFigures'</c>.</summary>
public sealed class EventFigures
{
    private const int Pairs = 50_000;

    [Fact(Explicit = true)]
    public async Task Telling_a_back_end_on_loopback()
    {
        var start = new ProcessStartInfo("node", ["-e", "require('http').createServer((q,s)=>{q.resume();q.on('end',()=>s.writeHead(204).end())}).listen(0,'127.0.0.1',function(){console.log('http://127.0.0.1:'+this.address().port+'/')})"])
        {
            RedirectStandardOutput = true,
        };
        using var node = Process.Start(start)!;
        try
        {
            var url = await node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            await using var app = await TestApp.StartAsync(options: options => options.Events.Add(new EventReceiverOptions { Url = url, Secret = EventBackEnd.Secret }));
            var events = app.Services.GetRequiredService<Engine.Node>().Events;
            await MeasureAsync(events, 0);
            var (took, cpu) = await MeasureAsync(events, 1);
            TestContext.Current.TestOutputHelper!.WriteLine($"{2 * Pairs / took.TotalSeconds:0} events/s, {cpu.TotalMicroseconds / (2 * Pairs):0.0} CPU-µs an event, all of it");
        }
        finally
        {
            node.Kill();
        }
    }

    [Fact(Explicit = true)]
    public async Task Noting_and_storing_a_connection_that_opens_and_closes()
    {
        using var recorder = new EventRecorder(TimeProvider.System);
        EventReceiver[] receivers = [new("r", "r", EventFilter.Everything, null!)];
        recorder.Begin(receivers);
        var store = new MemoryEventStore("node", TimeProvider.System);
        await store.StartAsync(["r"], EventLimits.OfProcess(), default);
        for (var round = 0; round < 3; round++)
        {
            var (started, cpu) = (TimeProvider.System.GetTimestamp(), Process.GetCurrentProcess().TotalProcessorTime);
            for (var i = 0; i < Pairs; i++)
            {
                recorder.Opened(i, new EventSubject { Connection = "0123456789abcdef0123", User = "anna", Transport = "websocket" });
                recorder.Closed(i, 1000, "Goodbye");
                if (i % 128 == 127)
                {
                    await store.AddAsync(recorder.Take()!, default);
                }
            }

            TestContext.Current.TestOutputHelper!.WriteLine($"{TimeProvider.System.GetElapsedTime(started).TotalMicroseconds / Pairs:0.00} µs, {(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMicroseconds / Pairs:0.00} CPU-µs a connection");
        }
    }

    private static async Task<(TimeSpan Took, TimeSpan Cpu)> MeasureAsync(EventEngine events, int round)
    {
        var (started, cpu) = (TimeProvider.System.GetTimestamp(), Process.GetCurrentProcess().TotalProcessorTime);
        for (var i = 0; i < Pairs; i++)
        {
            var number = ((long)round * Pairs) + i;
            events.Recorder.Opened(number, new EventSubject { Connection = $"{number}", User = $"user{i % 1000}", Transport = "websocket" });
            events.Recorder.Closed(number, 1000, "Goodbye");
            if (i % 5000 == 4999)
            {
                var told = 2 * (number - 4999);
                await Eventually.TrueAsync(() => Told() >= told, "it keeps up", TimeSpan.FromSeconds(60));
            }
        }

        await Eventually.TrueAsync(() => Told() == 2L * Pairs * (round + 1), "all is told", TimeSpan.FromSeconds(60));
        return (TimeProvider.System.GetElapsedTime(started), Process.GetCurrentProcess().TotalProcessorTime - cpu);
    }

    private static long Told()
    {
        var told = 0L;
        using var listener = new MeterListener { InstrumentPublished = static (instrument, listener) => { if (instrument.Name == "tidings.events") { listener.EnableMeasurementEvents(instrument); } } };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => told += tags[0].Value is "delivered" ? value : 0);
        listener.Start();
        listener.RecordObservableInstruments();
        return told;
    }
}
