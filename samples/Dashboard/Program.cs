// dotnet run --project samples/Dashboard --urls http://localhost:5000
// Figures of this very process, twice a second, drawn as they come: open http://localhost:5000.
using System.Diagnostics;
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.Services.AddHostedService<Meter>();
builder.WebHost.UseTidings();
var app = builder.Build();

// The last minute is kept: who opens the page has its curves at once. The server alone publishes.
app.MapTidings("/connect").MapChannel("figures").WithHistory(120);
app.MapPage();
app.Run();

internal sealed record Figures(double Processor, double Memory, double Allocated, int Connections);

internal sealed class Meter(ITidings tidings, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var process = Process.GetCurrentProcess();
        using var timer = new PeriodicTimer(Period, time);
        var (at, used, allocated) = (time.GetTimestamp(), process.TotalProcessorTime, GC.GetTotalAllocatedBytes());
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            process.Refresh();
            var (lastAt, lastUsed, lastAllocated) = (at, used, allocated);
            (at, used, allocated) = (time.GetTimestamp(), process.TotalProcessorTime, GC.GetTotalAllocatedBytes());
            var seconds = time.GetElapsedTime(lastAt, at).TotalSeconds;
            var figures = new Figures(
                Math.Round(100 * (used - lastUsed).TotalSeconds / seconds, 1),
                Math.Round(process.WorkingSet64 / 1e6, 1),
                Math.Round((allocated - lastAllocated) / 1e6 / seconds, 2),
                tidings.Connections.Count);
            await tidings.PublishAsync("figures", figures, cancellationToken: stoppingToken);
        }
    }
}

/// <summary>Names this program for tests.</summary>
public sealed class DashboardSample;
