// dotnet run --project samples/Board --urls http://localhost:5000
// A board of cards that everybody moves: open http://localhost:5000 in two windows.
using System.ComponentModel.DataAnnotations;
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

// The newest of each key is all that counts: who comes gets the board as it is, then each change. No history is kept beside it.
app.MapTidings("/connect").MapChannel("board:{name}").WithHistory(0).WithState(keys: 200).OnPublish(PublishResult<Card> (Card? card, PublishRequest request) =>
    request.Remove ? PublishResult.Accept
    : card is not null && request.Key is not null ? card
    : PublishResult.Refuse("a card needs a key"));
app.MapPage();
app.Run();

/// <param name="Text">What is written on it.</param>
/// <param name="X">Where it lies, from 0 at the left to 1.</param>
/// <param name="Y">The same from the top.</param>
internal sealed record Card([property: Required, MaxLength(200)] string Text, [property: Range(0, 1)] double X, [property: Range(0, 1)] double Y);

/// <summary>Names this program for tests.</summary>
public sealed class BoardSample;
