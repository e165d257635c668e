// dotnet run --project samples/ChatPage --urls http://localhost:5000
// A chat with history, edits, lines that are taken back, who is typing, and reconnects: open http://localhost:5000 in two windows.
using System.ComponentModel.DataAnnotations;
using Tidings;
using Tidings.Protocol;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

// What a client publishes is read as a ChatLine, and passed on if it is a valid one. The last thousand lines are kept for those who come later.
var tidings = app.MapTidings("/connect");
tidings.MapChannel("chat:{room}").WithHistory(1000, TimeSpan.FromDays(1)).OnPublish((ChatLine line) => line)
    // Who is typing says so as long as they do: newcomers see it, and it goes with them.
    .WithPresence(info: true, PresencePer.Connection, grace: TimeSpan.Zero);

// The newest text of each line that was edited, by the line's offset.
tidings.MapChannel("edits:{room}").WithHistory(0).WithState().OnPublish((ChatLine line) => line);

// Everybody may take back any line: nobody signs in here. In an application of yours, RequireAuthorization and look whose line it is.
app.MapDelete("/chat/{room}/{position}", async (string room, string position, ITidings channels) =>
{
    if (!StreamPosition.TryParse(position, out var line))
    {
        return Results.BadRequest();
    }

    await channels.EraseAsync($"chat:{room}", line);
    await channels.RemoveKeyAsync($"edits:{room}", $"{line.Offset}");
    return Results.NoContent();
});
app.MapPage();
app.Run();

/// <param name="Name">Who speaks, in their own words: nobody signs in here. samples/Notifications does.</param>
/// <param name="Text">What they say.</param>
internal sealed record ChatLine([property: Required, MaxLength(30)] string Name, [property: Required, MaxLength(1000)] string Text);

/// <summary>Names this program for tests.</summary>
public sealed class ChatPageSample;
