// dotnet run --project samples/Cursors --urls http://localhost:5000
// Everybody's pointer on everybody's screen: open http://localhost:5000 in two windows.
using System.ComponentModel.DataAnnotations;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();
var app = builder.Build();

// Where a pointer was is worth nothing once it has moved: clients publish ephemeral messages, which nothing keeps.
app.MapTidings("/connect").MapChannel("cursors:{board}").WithHistory(0).OnPublish((Pointer pointer) => pointer);
app.MapPage();
app.Run();

/// <param name="Id">Whose it is: a name that the page has made up.</param>
/// <param name="X">Where, as a part of the board's width; null where it has left.</param>
/// <param name="Y">Where, as a part of the board's height.</param>
internal sealed record Pointer([property: Required, MaxLength(20)] string Id, [property: Range(0, 1)] double? X, [property: Range(0, 1)] double? Y);

/// <summary>Names this program for tests.</summary>
public sealed class CursorsSample;
