using System.ComponentModel.DataAnnotations;
using Tidings;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddTidings();
builder.WebHost.UseTidings();

var app = builder.Build();
app.UseDefaultFiles();
app.UseStaticFiles();
app.MapTidingsScript();

// Each room is a channel with the last hundred lines. What clients say is checked, and gets who said it and when.
app.MapTidings("/connect").MapChannel("chat:{room}").WithHistory(100).WithPresence().OnPublish((NewLine line, ChannelCaller caller, TimeProvider time) =>
    new Line(line.Text.Trim(), caller.User ?? "somebody", time.GetUtcNow()));

app.Run();

/// <summary>What clients say.</summary>
public sealed record NewLine([property: Required, MaxLength(500)] string Text);

/// <summary>What all of them hear.</summary>
public sealed record Line(string Text, string From, DateTimeOffset At);
