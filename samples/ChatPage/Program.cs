// dotnet run --project samples/ChatPage --urls http://localhost:5000
// A chat with history, who is typing, and reconnects: open http://localhost:5000 in two windows.
using System.ComponentModel.DataAnnotations;
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

// What a client publishes is read as a ChatLine, and passed on if it is a valid one. The last hundred lines are kept for those who come later.
app.MapTidings("/connect").MapChannel("chat:{room}").WithHistory(100).OnPublish((ChatLine line) => line)
    // Who is typing says so as long as they do: newcomers see it, and it goes with them.
    .WithPresence(info: true, PresencePer.Connection, grace: TimeSpan.Zero);
app.MapPage();
app.Run();

/// <param name="Name">Who speaks, in their own words: nobody signs in here. samples/Notifications does.</param>
/// <param name="Text">What they say.</param>
internal sealed record ChatLine([property: Required, MaxLength(30)] string Name, [property: Required, MaxLength(1000)] string Text);

/// <summary>Names this program for tests.</summary>
public sealed class ChatPageSample;
