// dotnet run --project samples/Typed --urls http://localhost:5000
// What this application declares, its page in TypeScript knows: the build writes web/tidings-app.d.ts.
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

var tidings = app.MapTidings("/connect");
tidings.MapChannel("chat:{room}").OnPublish((NewLine line, ChannelCaller caller, TimeProvider time) => new Line(line.Text, caller.User, time.GetUtcNow()));
tidings.MapChannel<Price>("prices:{symbol}").WithState();
tidings.MapCall("sum", (int a, int b) => a + b);
tidings.MapCall("order", (Order order) => new Receipt($"{order.Article}-1", OrderState.Open));

var tasks = app.MapTasks("/api/tasks");
tasks.Map("report", async (int pages, TaskProgress progress, CancellationToken cancellationToken) =>
{
    for (var page = 1; page <= pages; page++)
    {
        await Task.Delay(10, cancellationToken);
        progress.Report(100.0 * page / pages);
    }

    return new Report(pages);
});

app.MapAsyncApi();
app.Run();

internal sealed record NewLine(string Text);

internal sealed record Line(string Text, string? From, DateTimeOffset At);

internal sealed record Price(decimal Bid, decimal Ask);

internal sealed record Order(string Article, int Count = 1);

internal sealed record Receipt(string Number, OrderState State);

internal sealed record Report(int Pages);

[System.Text.Json.Serialization.JsonConverter(typeof(System.Text.Json.Serialization.JsonStringEnumConverter<OrderState>))]
internal enum OrderState
{
    Open,
    Paid,
}

/// <summary>Names this program for tests.</summary>
public sealed class TypedSample;
