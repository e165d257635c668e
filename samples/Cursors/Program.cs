// dotnet run --project samples/Cursors --urls http://localhost:5000
// Everybody's pointer on everybody's screen: open http://localhost:5000 in two windows.
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

// Where a pointer is belongs to who is there: it comes with them, a newcomer sees it at once, and it goes with them. Nobody publishes anything.
app.MapTidings("/connect").MapChannel("cursors:{board}").WithHistory(0).WithPresence(info: true, PresencePer.Connection, grace: TimeSpan.Zero);
app.MapPage();
app.Run();

/// <summary>Names this program for tests.</summary>
public sealed class CursorsSample;
