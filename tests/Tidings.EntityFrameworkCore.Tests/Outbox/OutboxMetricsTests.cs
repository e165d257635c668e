using System.Diagnostics.Metrics;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Tests.Infrastructure;
using Tidings.Testing;

namespace Tidings.EntityFrameworkCore.Tests.Outbox;

public sealed class OutboxMetricsTests
{
    [Fact]
    public void An_outbox_is_behind_from_the_first_row_that_was_seen_until_it_is_seen_empty()
    {
        var time = new ManualTime();
        var progress = new OutboxProgress(time);
        Assert.Equal((0, TimeSpan.Zero), (progress.Rows, progress.Lag));
        progress.Found(3);
        time.Advance(TimeSpan.FromSeconds(2));
        progress.Found(256);
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal((256, 5), (progress.Rows, Math.Round(progress.Lag.TotalSeconds)));
        progress.Found(0);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((0, TimeSpan.Zero), (progress.Rows, progress.Lag));
        progress.FallBehind();
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal((0, 4), (progress.Rows, Math.Round(progress.Lag.TotalSeconds)));
    }

    [Fact]
    public async Task A_database_that_is_away_is_seen_in_the_lag_and_so_is_its_return_and_the_log_tells_each_reason_once_without_a_stack()
    {
        using var server = new PostgreSqlServer();
        await using var app = await ShopApp.StartAsync(server.CreateDatabase());
        await app.AddAsync("first");
        await Eventually.EqualAsync(0.0, () => Lag(app), "the lag");
        server.Kill();
        await Eventually.TrueAsync(() => Lag(app) > 0, "a lag while the database is away");
        for (var i = 0; i < 20; i++)
        {
            using var refused = await app.Http.GetAsync("/items");
            Assert.Equal(503, (int)refused.StatusCode);
        }

        server.Start();
        await Eventually.EqualAsync(0.0, () => Lag(app), "the lag");
        var told = app.Log.Where(static line => line.Contains(" Tidings.Outbox: ", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(told);
        Assert.Equal(told.Distinct(), told);
        Assert.DoesNotContain(told, static line => line.Contains("   at ", StringComparison.Ordinal));
    }

    private static double Lag(ShopApp app)
    {
        double? lag = null;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "tidings.outbox.lag" && instrument.Meter.Scope == app.Services.GetRequiredService<IMeterFactory>())
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => lag = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return Assert.NotNull(lag);
    }
}
