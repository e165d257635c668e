// dotnet run --project samples/Push --urls http://localhost:5000
// curl -X POST localhost:5000/broadcast -H 'content-type: application/json' -d '{"content":"hello"}'
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

app.MapClients("/ws/{clientId}");

app.MapPost("/broadcast", async (Notice notice, ITidings push) =>
{
    await push.Clients.BroadcastAsync(notice);
    return new { status = "sent" };
});

app.MapPost("/clients/{client}", async (string client, Notice notice, ITidings push) =>
    await push.Clients.SendAsync(client, notice) > 0 ? Results.Ok(new { status = "sent" }) : Results.NotFound());

app.Run();

public sealed record Notice(string Content);

public sealed class PushSample;
