// dotnet run --project samples/ChatPage --urls http://localhost:5000
// A chat with history, typing notices and reconnects: open http://localhost:5000 in two windows.
using System.ComponentModel.DataAnnotations;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

// What a client publishes is read as a ChatLine, and passed on if it is a valid one. The last hundred lines are kept for those who come later.
app.MapTidings("/connect").MapChannel("chat:{room}").WithHistory(100).OnPublish((ChatLine line) => line);
app.MapPage();
app.Run();

/// <param name="Name">Whoever speaks says so himself: nobody signs in here. samples/Notifications does.</param>
/// <param name="Text">Null in the notice that somebody types, which is ephemeral.</param>
internal sealed record ChatLine([property: Required, MaxLength(30)] string Name, [property: MaxLength(1000)] string? Text);

/// <summary>Names this program for tests.</summary>
public sealed class ChatPageSample;
